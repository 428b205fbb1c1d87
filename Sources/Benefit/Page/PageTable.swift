/// A table that is one on a wide screen and on paper, and a card for each row on a narrow screen. Where it is still too
/// wide it scrolls in a region of its own, which the keyboard reaches.
struct PageTable {
  struct Column {
    var name: Markup
    /// How it is laid out; nothing for a column of words.
    var look: Markup = .none
    static func text(_ name: Markup) -> Column { Column(name: name) }
    /// `begins` sets it apart from the columns before it.
    static func number(_ name: Markup, begins: Bool = false) -> Column {
      Column(name: name, look: begins ? "number begins" : "number")
    }
    /// What is long, and stays in one line where it can.
    static func command(_ name: Markup) -> Column { Column(name: name, look: "command") }
    var attribute: Markup { look.isEmpty ? .none : " class=\"\(look)\"" }
  }
  struct Row {
    var cells: [Markup]
    /// Marked, for what loses money.
    var isLosing = false
  }

  /// Unique on the page.
  var id: String
  var caption: Markup
  var columns: [Column]
  var rows: [Row]

  /// The first column heads its row. Roles are said, because a table shown as cards is none to a reader otherwise.
  var markup: Markup {
    let head = columns.map { column -> Markup in
      "<th scope=\"col\" role=\"columnheader\"\(column.attribute)>\(column.name)</th>"
    }
    let body = rows.map { row -> Markup in
      let cells = zip(columns, row.cells).enumerated().map { place, pair -> Markup in
        let (column, cell) = pair
        let label: Markup = "<span class=\"label\" aria-hidden=\"true\">\(column.name)</span>"
        return place == 0
          ? "<th scope=\"row\" role=\"rowheader\"\(column.attribute)>\(cell)</th>"
          : "<td role=\"cell\"\(column.attribute)>\(label)<span>\(cell)</span></td>"
      }
      return "<tr role=\"row\"\(row.isLosing ? " class=\"losing\"" : Markup.none)>\(cells)</tr>\n"
    }
    return """
      <div class="scroll" role="region" aria-labelledby="\(id)" tabindex="0">
      <table role="table"\(columns.count > 9 ? " class=\"dense\"" : Markup.none)><caption id="\(id)">\(caption)</caption>
      <thead role="rowgroup"><tr role="row">\(head)</tr></thead>
      <tbody role="rowgroup">
      \(body)</tbody></table></div>

      """
  }
}
