import Rules

extension Claim {
  /// What an adapter's `request(action, settings)` gets. A field without a value is left out, and is nil in Lua.
  ///
  /// | field | |
  /// |---|---|
  /// | `key` | the key on the wire: the same for every attempt, at most 64 of `[A-Za-z0-9_-]` |
  /// | `number` | its place among the decision's actions, from 1 |
  /// | `kind` | `work_order`, `notification` or `setpoint` |
  /// | `title`, `text` | for people; `text` says what happened when, readings, limits, what to check first |
  /// | `priority` | 1 (highest) to 5; work orders only |
  /// | `site`, `source` | the site's name; the same as a URI reference, `/millwright/riverside` |
  /// | `decision` | `key`, `rule`, `title`, `owner`, `consequence`, `tier`, `text_hash`; |
  /// | | RFC 3339, UTC: `time`, `since` (when it had become true), `deferred_from` (held back first); |
  /// | | `asset` (the path the rule fired for), `follows` (key of the decision whose order was completed before) |
  /// | `asset` | what is worked on: `path`, `name`, `class`, and `id`: what the adapter's system calls it |
  /// | `readings` | list of `name`, `value` (none when it was not good or not finite), `unit` |
  /// | `limits` | list of `name`, `value` |
  /// | `check_first` | list of texts |
  /// | `setpoint` | `tag`, `target` and `valid_until` (RFC 3339, UTC; void from then on); setpoints only |
  package func tree(adapter: String, site: String) -> Tree {
    .of([
      ("key", .text(wireKey)),
      ("number", .number(Double(action.number))),
      ("kind", .text(action.kind.rawValue)),
      ("title", .text(action.title)),
      ("text", .text(action.story(of: decision, site: site))),
      ("priority", action.priority.map { .number(Double($0)) }),
      ("site", .text(site)),
      ("source", .text("/millwright/" + percentEncoded(site))),
      ("decision", decision.tree),
      ("asset", action.on?.tree ?? decision.asset(in: adapter)),
      ("readings", .list(decision.evidence.map(\.tree))),
      ("limits", .list(decision.limits.map { .of([("name", .text($0.name)), ("value", $0.value.tree)]) })),
      ("check_first", .list(decision.checkFirst.map { .text($0) })),
      ("setpoint", action.setpoint?.tree),
    ])
  }
}

extension Claim {
  /// What an adapter's `lookup_open(wanted, settings)` and `read_lookup_open(response, wanted)` get.
  ///
  /// | field | |
  /// |---|---|
  /// | `since` | RFC 3339, UTC: what was made earlier is not sought |
  /// | `action` | what was decided now: what is sought has the same asset, another key and another time |
  /// | `known` | list of `key` and `reference`: what our ledger has on the asset, which is not sought |
  func wanted(since: Instant, adapter: String, site: String) -> Tree {
    .of([
      ("since", .text(since.description)),
      ("action", tree(adapter: adapter, site: site)),
      (
        "known",
        .list(known.map { .of([("key", .text($0.key)), ("reference", $0.reference.map { .text($0) })]) })
      ),
    ])
  }
}

extension OpenOrder {
  /// What an adapter's `status(order, settings)` and `comment(order, settings)` get.
  ///
  /// | field | |
  /// |---|---|
  /// | `reference` | as the system named the order |
  /// | `key` | the key on the wire it was made under |
  /// | `count` | how often its trouble has come again |
  /// | `action` | `status`: what made the order; `comment`: what came again, or is over. As `request` gets it |
  /// | `says` | `comment`: what to say, when the trouble is over; none when it has come again |
  func tree(action: Tree, says: String?) -> Tree {
    .of([
      ("reference", .text(reference)), ("key", .text(wireKey)), ("count", .number(Double(recurrences))),
      ("action", action), ("says", says.map { .text($0) }),
    ])
  }
}

extension Decision {
  fileprivate var tree: Tree {
    .of([
      ("key", .text(key.description)),
      ("rule", .text(key.rule)),
      ("title", .text(title)),
      ("owner", .text(owner)),
      ("time", .text(key.time.description)),
      ("since", .text(since.description)),
      ("deferred_from", deferredFrom.map { .text($0.description) }),
      ("asset", .text(key.asset)),
      ("follows", follows.map { .text($0.description) }),
      ("consequence", consequence.map { .text($0.rawValue) }),
      ("tier", .text(tier.rawValue)),
      ("text_hash", .text(textHash.hex)),
    ])
  }

  fileprivate func asset(in adapter: String) -> Tree {
    .of([
      ("path", .text(key.asset)),
      ("name", .text(name(ofPath: key.asset))),
      ("class", .text(assetClass)),
      ("id", assetIDs.first { $0.adapter == adapter }.map { .text($0.id) }),
    ])
  }
}

extension Action.Place {
  fileprivate var tree: Tree {
    .of([
      ("path", .text(path)), ("name", .text(name(ofPath: path))), ("class", .text(assetClass)),
      ("id", id.map { .text($0) }),
    ])
  }
}

private func name(ofPath path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

extension Action.Setpoint {
  fileprivate var tree: Tree {
    .of([
      ("tag", .text(tag)),
      ("target", .finite(target)),
      ("valid_until", validUntil.map { .text($0.description) }),
    ])
  }
}

extension Evidence {
  fileprivate var tree: Tree {
    let value: Tree? =
      switch value {
      case .notGood, .absent: nil
      case .group(let group):
        .of([
          ("highest", .finite(group.highest)), ("lowest", .finite(group.lowest)), ("spread", .finite(group.spread)),
          ("mean", .finite(group.mean)), ("how_many", .number(Double(group.howMany))), ("worst", .text(group.worst)),
        ])
      case .boolean(let flag): .boolean(flag)
      case .number(let number): .finite(number)
      case .text(let text): .text(text)
      }
    return .of([("name", .text(name)), ("value", value), ("unit", unit.map { .text($0) })])
  }
}

extension LimitValue {
  /// Seconds for a duration; a curve as the list of its points.
  fileprivate var tree: Tree? {
    switch self {
    case .number, .duration: .finite(number)
    case .state(let name): .text(name)
    case .curve(let curve): .list(curve.points.map { .list([.number($0.x), .number($0.y)]) })
    }
  }
}

extension Tree {
  /// A record of the fields that have a value.
  fileprivate static func of(_ fields: [(String, Tree?)]) -> Tree {
    .record(fields.compactMap { name, value in value.map { Field(name, $0) } })
  }

  /// JSON has no infinity: the age of a tag never heard of has no value.
  fileprivate static func finite(_ number: Double) -> Tree? { number.isFinite ? .number(number) : nil }
}

/// A name as one segment of a URI (RFC 3986: what is not unreserved is encoded).
func percentEncoded(_ name: String) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var text: [UInt8] = []
  for byte in name.utf8 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
      text.append(byte)
    default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: text, as: UTF8.self)
}
