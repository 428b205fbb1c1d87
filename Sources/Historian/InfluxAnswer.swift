import Foundation

/// What InfluxDB 1.x answers, one line of JSON a chunk.
struct InfluxAnswer: Decodable {
  struct Result: Decodable {
    var series: [Series]?
    var error: String?
  }
  struct Series: Decodable {
    var name: String
    var tags: [String: String]?
    var columns: [String]
    var values: [[Cell]]
  }
  /// JSON's numbers, whole ones exactly: a time in nanoseconds has more digits than a double.
  enum Cell: Decodable {
    case null
    case boolean(Bool)
    case whole(Int64)
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let flag = try? value.decode(Bool.self) {
        self = .boolean(flag)
      } else if let whole = try? value.decode(Int64.self) {
        self = .whole(whole)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try value.decode(String.self))
      }
    }

    var written: String {
      switch self {
      case .null: ""
      case .boolean(let flag): "\(flag)"
      case .whole(let number): "\(number)"
      case .number(let number): "\(number)"
      case .text(let text): text
      }
    }
  }
  var results: [Result]?
  var error: String?
}

/// Questions to one InfluxDB, in InfluxQL.
struct InfluxServer {
  var historian: String
  var url: String
  var database: String
  var username: String?
  var password: String?

  /// Gives each series of the answer as it comes; one series may come in several pieces.
  func ask(_ query: String, _ body: (InfluxAnswer.Series) throws -> Void) throws {
    let address =
      "\(url)/query?db=\(percentEncoded(database))&epoch=ns&chunked=true&chunk_size=10000&q=\(percentEncoded(query))"
    let decoder = JSONDecoder()
    var line: [UInt8] = []
    var told: String?
    // The closure escapes into libcurl's call and nowhere else.
    try withoutActuallyEscaping(body) { body in
      func take(_ line: [UInt8]) throws {
        guard !line.allSatisfy({ $0 == 32 || $0 == 13 }) else { return }
        let answer: InfluxAnswer
        do {
          answer = try decoder.decode(InfluxAnswer.self, from: Data(line))
        } catch {
          throw fails("it answers what InfluxDB does not: \(String(decoding: line.prefix(200), as: UTF8.self))")
        }
        told = told ?? answer.error
        for result in answer.results ?? [] {
          told = told ?? result.error
          for series in result.series ?? [] { try body(series) }
        }
      }
      let outcome = try HTTPGet().get(address, username: username, password: password, accept: "application/json") {
        for byte in $0 {
          if byte == UInt8(ascii: "\n") {
            try take(line)
            line.removeAll(keepingCapacity: true)
          } else {
            line.append(byte)
          }
        }
      }
      try take(line)
      switch outcome {
      case .failed(let why): throw fails(why)
      case .status(401): throw fails("it does not take the user name and password")
      case .status(let status) where told != nil || status != 200:
        throw fails(told ?? "it answers with status \(status)")
      case .status: break
      }
    }
  }

  private func fails(_ why: String) -> HistorianError {
    .cannotRead(historian: historian, what: "read from \(url), database '\(database)'", why: why)
  }
}

extension String {
  /// As InfluxQL writes a name.
  var asName: String {
    "\"" + replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }
}
