#!/bin/bash
# Switches each protection off, one at a time, builds, and runs the test that must fail without it. Prints a table.
#   Tests/protections.sh          all of them
#   Tests/protections.sh full     one
# Each change is made in a source file and taken back.
set -u
cd "$(dirname "$0")/.."
only=${1:-}
failed=0
file=""
kept=$(mktemp -d)
restore() { [ -z "$file" ] || cp "$kept/source" "$file"; file=""; }
trap 'restore; rm -rf "$kept"' EXIT

# protection NAME FILE SED TEST WHAT
protection() {
  [ -n "$only" ] && [ "$only" != "$1" ] && return
  file=$2
  cp -p "$file" "$kept/source"
  sed -i "$3" "$file"
  if cmp -s "$file" "$kept/source"; then result="NOT SWITCHED OFF: the line is not there any more"; failed=1
  elif ! swift build -c release --build-tests >"$kept/log" 2>&1; then result="DOES NOT BUILD"; failed=1
  # A test that no longer ends without the protection has noticed, too.
  elif timeout 600 swift test -c release --skip-build --filter "$4" >"$kept/log" 2>&1; then
    result="NOT NOTICED"; failed=1
  else result="noticed"; fi
  restore
  printf '%-11s %-52s %-18s %s\n' "$1" "$5" "$4" "$result"
}

printf '%-11s %-52s %-18s %s\n' protection "switched off" test result
protection full Sources/Ledger/Ledger.swift \
  's/PRAGMA synchronous = FULL/PRAGMA synchronous = NORMAL/; s/("synchronous", "2")/("synchronous", "1")/' \
  PowerLossTests "a commit returns before the disk has it"
protection mark Sources/Ledger/Ledger.swift 's/^    lock.note(written.mark)$/    _ = written.mark/' \
  HighWaterTests "nobody remembers how far the ledger had come"
protection ack Sources/Engine/Engine.swift \
  's/^    try journal.commit(batch)$/    for source in sources { source.committed() }; try journal.commit(batch)/' \
  EngineTests "acknowledged before it is committed"
protection divergence Sources/Engine/Memory.swift 's/^    try memory.compare(computed.*$/    _ = computed/' \
  RecoveryTests "what replay comes to is not compared"
protection backlog Sources/Rules/Links.swift 's/^    case .connected: states\[index\] = .catchingUp$/    case .connected: states[index] = .up/' \
  ClockTests "ticks while a source is still catching up"
protection confirm Sources/Ledger/Ledger+Claims.swift 's/^    try confirm(action: row, is: .ready.*$//' \
  'DamageTests|BitFlipTests' "an action is sent on rows that nobody looked at"
protection key Sources/Ledger/Migrations/Migration1.swift 's/^      key TEXT NOT NULL UNIQUE,$/      key TEXT NOT NULL,/' \
  JournalTests "a decision may be there twice"
protection wire Sources/Ledger/Ledger+Claims.swift \
  's/wireKey: try found.get("wire_key"), decision: decision,$/wireKey: "\\(UInt64.random(in: 0 ... .max))", decision: decision,/' \
  'LookUpTests|ActionTests' "each attempt carries a key of its own"
protection redelivery Sources/Ingest/Redelivery.swift \
  's/^      if place >= again.next, again.hashes/      if place >= 1 << 20, again.hashes/' \
  RedeliveryTests "what the broker delivers again is new"
protection look-up Sources/Ledger/Ledger+Actions.swift \
  's/to: began == 0 ? .ready : .unknown, due: due, at/to: .ready, due: now.microseconds, at/' \
  'ActionTests|LookUpTests' "what may have been sent is sent again unasked"
protection sync Sources/Ledger/Ledger.swift 's/^          sync.fail()$//' \
  DiskTests "writing goes on after a failed sync"
protection held-back Sources/Rules/Policy+Holding.swift \
  's/^        dockets\[condition\]?.held?.waitsForGroup = waitsForGroup$/        dockets[condition]?.held = nil/' \
  PolicyTests "what was held back is forgotten"
protection hearing Sources/Engine/Memory.swift 's/heard: hearing?.listener)/heard: nil)/' \
  HearingTests "new windows begin empty at a reload"
protection cut Sources/Engine/Hearing.swift 's/if first > next {/if first < 0 {/' \
  HearingTests "a journal cut while it is heard is waited for"
protection thinned Sources/Rules/History+Adopting.swift 's/guard Int(thinnedEnd) > first, /guard thinnedEnd < 0, /' \
  ListenerTests "what was thinned is counted from what is left"
protection plain Sources/CLua/calls.c 's/ \&\& have->bits == bits) continue;/) continue;/' \
  PlainTableTests "a plain table keeps the reading before"
protection stays Sources/Rules/Condition.swift 's/case (.normal, .no), (.pending, .yes), (.active, .yes): true/case (.normal, _), (.pending, .yes), (.active, .yes): true/' \
  OrderTests "a condition that moves is left as it is"
protection author Sources/Rules/Position.swift 's/words.last { $0.person != author }/words.last/' \
  AccountTests "the author's own verdict books money"
protection baseline Sources/Ledger/Ledger+Bookings.swift \
  's/^    return baseline.hundredths.saturatingMinus(claimed ?? 0).saturatingMinus(lost)$/    return .max/' \
  AccountTests "more is claimed than the class can have lost"
protection blame Sources/Scripting/OpenWork.swift \
  's/isToBlame: Bool { ending != .killed || used > Self.longest }/isToBlame: Bool { true }/' \
  'OpenWorkTests|DeathInAnInputTests' "a kill is held against the message in hand"
protection skip Sources/Ingest/MQTTLink.swift 's/^    if !skipping.isEmpty, skipping.contains(hash) .*$//' \
  'MQTTSourceTests|DeathInAnInputTests' "a message that ended the engine twice is evaluated"
protection hand Sources/Engine/Engine.swift 's/^      hand?.begin(.message(origin.hash))$//' \
  InHandTests "the engine does not say which message it has in hand"
protection steps Sources/Rules/Evaluator+Evaluation.swift 's/^    guard silence > thousand else { return every }$/    if silence >= 0 { return every }/' \
  BoundedWorkTests "a silence is asked at every step, however long"
protection past Sources/Rules/Evaluator+Changes.swift 's/^    behind\[Int32(index)\] = time$/    behind[Int32(index)] = time; if index >= 0 { return false }/' \
  BoundedWorkTests "a sample of 26 years ago opens windows and holds"
protection slices Sources/Engine/Engine.swift 's/{ steady() < end }/{ true }/' \
  SliceTests "what is due together is taken in one go"
protection rollback Sources/Rules/Evaluator+Deadlines.swift \
  's/^    var readings: \[ReadingState\]$/    var readings: ArraySlice<ReadingState>/; s/readings: Array(readingStates\[first..<(first + count)\]),/readings: readingStates[first..<(first + count)],/' \
  TickMemoryTests "a tick keeps the whole plant's readings for each condition"
protection time Sources/CLua/bounds.c 's/^  if (h->used_time < h->time_limit) return;$/  return;/' \
  CallTimeTests "a call may take as long as it likes"
protection nuls Sources/CLua/compare.c 's/MW_NUL_LIMIT) {$/MW_NUL_LIMIT * 1000) {/' \
  SandboxHostileTests "a comparison goes through any number of NULs"
protection deep Sources/CLua/bounds.c 's/^  h->too_deep = 1;$/  return;/' \
  SandboxHostileTests "the stack of a call grows as far as memory lets it"
protection tables Sources/CLua/bounds.c 's/^  if (new > 16384) {$/  if (0) {/' \
  SandboxHostileTests "tables and texts grow as far as memory lets them"
protection whole Sources/Rules/Evaluator+Faults.swift 's/exhaustedAssets = 3/exhaustedAssets = 30/' \
  WholeRuleFaultTests "a rule is called on every asset, however many it failed on"
protection asks Sources/Rules/ExampleRun.swift 's/mostQuestions = 200_000/mostQuestions = 10_000_000/' \
  ExampleRunTests "an example asks millions of times"
protection doubt Sources/Rules/Policy.swift 's/if let doubt = restoration?.doubt(about: condition, since: since)/if let doubt = Doubt?.none/' \
  RestoreCampaign "what is decided after a restore is sent as ever"
protection heard Sources/Rules/Restoration.swift 's/answer == .no, hasHeardAgain(condition, rule)/answer == .no/' \
  RestorationTests "normal by values from before the backup is normal"
protection walk Sources/Ingest/PacketWalk.swift 's/^      guard count <= rest else { throw malformed("its properties end.*$/      guard count <= rest || rest >= 0 else { return }/' \
  PacketWalkTests "properties may end inside of one of them"
protection early Sources/Delivery/Courier+LookUp.swift 's/^    guard now < believed else { return nil }$/    if now >= noTime { return nil }/; s/^    guard let doubt = claim.doubt, code.skills/    let noTime = Instant.distantPast\n    guard let doubt = claim.doubt, code.skills/' \
  ErrandTests "after a restore a look-up is believed at once"
protection sums Sources/Ledger/VerificationRound.swift 's/RowChecksum.of(\(.*\)) != stored {$/RowChecksum.of(\1) != stored, 1 > 2 {/' \
  CoverageTests "a checksum that does not agree is passed over"
protection empty Sources/Ledger/Ledger.swift 's/PRAGMA wal_checkpoint(TRUNCATE)/PRAGMA wal_checkpoint(PASSIVE)/' \
  CloseTests "a clean stop leaves the write-ahead log as it is"
protection pulse Sources/Engine/HealthBoard.swift 's/{ steady - at > pause + HealthBoard.longestTurn }/{ steady < at }/' \
  WatchTests "a turn that does not end is not seen"
protection free Sources/millwright/Control/ControlSocket.swift 's/(isHalt ? halts : ordinary)/ordinary/' \
  a_halt_on_a_full_disk "no thread is kept free for a halt"
protection unclocked Sources/Engine/Memory.swift 's/^    hand?.setRecovering(true)$//' \
  InHandTests "what is asked to bring the state back is clocked"
exit $failed
