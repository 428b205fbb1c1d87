import CZlib
import Foundation
import Ingest
import Rules
import Testing

/// What a data file of a small plant gives: pumps P-1, P-2 and two named Twin, each with Flow, Running and Batch.
struct History {
  var changes: [TagChange] = []
  var report: FileReport

  static let model: Model = {
    let pump = AssetClass(
      name: "Pump",
      tags: [
        TagDefinition(name: "Flow", type: .number, unit: "m3/h"), TagDefinition(name: "Running", type: .boolean),
        TagDefinition(name: "Batch", type: .text),
      ])
    let names = ["Works/P-1", "Works/P-2", "East/Twin", "West/Twin"]
    let assets = names.map { Asset(name: String($0.split(separator: "/")[1]), path: $0, classIndex: 0) }
    return Model(classes: [pump], assets: assets) { _, _ in SourceID(0) }
  }()

  init(_ text: String, _ set: (inout FileForm) -> Void = { _ in }) throws {
    try self.init(bytes: Array(text.utf8), set)
  }

  init(bytes: [UInt8], _ set: (inout FileForm) -> Void = { _ in }) throws {
    let path = NSTemporaryDirectory() + "/history-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    var form = FileForm()
    set(&form)
    let file = try DataFile(path, form: form, names: PlantNames(Self.model, bindings: []))
    var inputs: [Input] = []
    while try file.read(into: &inputs) {}
    report = file.report
    for case .change(let change) in inputs { changes.append(change) }
  }

  var numbers: [Double] { changes.compactMap { if case .number(let number) = $0.value { number } else { nil } } }
}

extension TagChange {
  static func flow(_ number: Double, at time: Instant, _ quality: Quality = .good) -> TagChange {
    TagChange(TagID(0), .number(number), quality: quality, time: time)
  }
}

/// As the gzip program would pack it.
func gzip(_ text: String) throws -> [UInt8] {
  let path = NSTemporaryDirectory() + "/packed-\(UUID().uuidString).gz"
  defer { try? FileManager.default.removeItem(atPath: path) }
  let file = try #require(gzopen(path, "wb"))
  _ = Array(text.utf8).withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
  gzclose(file)
  return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
