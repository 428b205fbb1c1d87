import Rules

/// The desk's page for a browser: orders, newest first. Loads nothing and runs nothing.
package func orderPage(_ orders: [WorkOrder]) -> String {
  let rows = orders.reversed().map { order in
    """
    <tr><td class="n">\(escaped(order.reference))</td>\
    <td class="p p\(order.priority ?? 0)">\(order.priority.map(String.init) ?? "–")</td>\
    <td><b>\(escaped(order.title))</b>\(order.text.isEmpty ? "" : "<p>\(escaped(order.text))</p>")</td>\
    <td>\(escaped(order.asset))</td><td>\(escaped(order.rule))</td><td class="t">\(escaped(order.received))</td></tr>
    """
  }
  let count = orders.count == 1 ? "1 order" : "\(orders.count) orders"
  let empty = #"<tr><td colspan="6">Nothing yet. Orders show here as the rules find trouble.</td></tr>"#
  return """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
    <meta name="viewport" content="width=device-width"><title>Work-order desk</title>
    <style>
    :root { color-scheme: light dark }
    body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
    h1 { font-size: 1.4rem; margin: 0 } header p { margin: .2rem 0 1.2rem; opacity: .75 }
    table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
    th, td { padding: .5rem .7rem; border-bottom: 1px solid #8884; vertical-align: top }
    td p { margin: .3rem 0 0; opacity: .8; white-space: pre-line } .n, .t { white-space: nowrap }
    .n { font-weight: 600 } .p { text-align: center; font-weight: 600 } .p1 { color: #c22 } .p2 { color: #b60 }
    </style></head><body>
    <header><h1>Work-order desk</h1><p>Riverside Works (simulated) · \(count), newest first</p></header>
    <table><thead><tr><th>Number</th><th>Priority</th><th>Work</th><th>Asset</th><th>Rule</th><th>Received</th></tr></thead>
    <tbody>
    \(rows.isEmpty ? empty : rows.joined(separator: "\n"))
    </tbody></table></body></html>

    """
}

/// Safe between tags and in quoted attributes.
private func escaped(_ text: String) -> String {
  var safe = ""
  for scalar in printable(text, inLines: true).unicodeScalars {
    switch scalar {
    case "&": safe += "&amp;"
    case "<": safe += "&lt;"
    case ">": safe += "&gt;"
    case "\"": safe += "&quot;"
    case "'": safe += "&#39;"
    default: safe.unicodeScalars.append(scalar)
    }
  }
  return safe
}
