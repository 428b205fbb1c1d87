import ArgumentParser
import Benefit
import Foundation
import Ingest
import Rules
import Site

/// How files of history are written, where they do not say it themselves, and in which order they are taken.
struct HistoryOptions: ParsableArguments {
  enum Order: String, ExpressibleByArgument, CaseIterable { case arrival, sorted }

  @Option(help: "arrival: as it came; sorted: by time first") var order: Order = .arrival
  @Option(
    help: "OURS=THEIRS: time, asset, tag, value, quality or a tag, and what the files call it; may be given again")
  var column: [String] = []
  @Option(help: "what separates columns, if it is not to be told from the header: ',' ';' or tab") var separator:
    String?
  @Option(help: "the decimal point of the files: '.' or ','") var decimal = "."
  @Option(help: "how times are written, if it is not to be told from the files: iso, s, ms, us, ns")
  var timeIs: FileForm.Times?
  @Option(help: "whose clock shows the times that are written without an offset, say Europe/Paris; UTC unless given")
  var timeZone = "UTC"

  /// `asset`: the one of files that name none.
  func form(asset: String?) throws -> FileForm {
    var form = FileForm()
    for mapping in column {
      let parts = mapping.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw Failure.usage("--column \(mapping): say OURS=THEIRS, as in --column time=Timestamp")
      }
      guard form.columns.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw Failure.usage("--column \(parts[0]) is given twice")
      }
    }
    form.asset = asset
    if let separator {
      guard let byte = [",": UInt8(ascii: ","), ";": UInt8(ascii: ";"), "tab": 0x09, "\t": 0x09][separator] else {
        throw Failure.usage("--separator is ',' or ';' or tab, not '\(separator)'")
      }
      form.separator = byte
    }
    guard decimal == "." || decimal == "," else { throw Failure.usage("--decimal is '.' or ',', not '\(decimal)'") }
    form.decimal = decimal == "," ? UInt8(ascii: ",") : UInt8(ascii: ".")
    guard let zone = Zone.known(as: timeZone) else {
      throw Failure.usage(
        "--time-zone \(timeZone): no zone has this name\(suggestion(for: timeZone, among: Zone.knownNames))")
    }
    form.zone = zone
    form.times = timeIs
    return form
  }

  /// In the order that was asked for.
  func ordered(_ past: any PastInputs) -> any PastInputs { order == .sorted ? SortedInputs(past) : past }
}

extension FileForm.Times: ExpressibleByArgument {}
