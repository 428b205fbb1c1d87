import Benefit
import Historian
import Ingest
import Ledger

/// What a command that reads the past ends with: what is written wrongly can be put right, what is not there or does
/// not answer cannot be read.
func pastFailure(_ error: any Error) -> any Error {
  switch error {
  case FileError.form, HistorianError.mapping: Failure.findings(["\(error)"])
  case is FileError, is SortError, is LedgerError, is HistorianError: Failure.cannot("\(error)")
  default: error
  }
}
