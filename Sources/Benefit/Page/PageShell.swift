/// What both pages are: one file that loads nothing and runs nothing, in the order of an owner's questions.
struct PageShell {
  struct Section {
    /// Unique on the page.
    var id: String
    var question: String
    var body: Markup
  }

  var title: String
  var site: String
  /// Which time it is about, and what was known when.
  var period: Markup
  /// The answer in a sentence or two.
  var summary: Markup
  var sections: [Section]
  /// How the figures are made.
  var notes: Markup

  /// The policy refuses whatever a page could load, should text from outside ever get through as markup.
  var document: String {
    let links = sections.map { section -> Markup in "<li><a href=\"#\(section.id)\">\(section.question)</a></li>" }
    let parts = sections.map { section -> Markup in
      """
      <section id="\(section.id)" aria-labelledby="\(section.id)-question">
      <h2 id="\(section.id)-question">\(section.question)</h2>
      \(section.body)</section>

      """
    }
    let page: Markup = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <meta name="generator" content="Millwright"><link rel="icon" href="data:,">
      <title>\(title): \(site)</title>
      <style>
      \(pageStyle)</style></head><body>
      <a class="skip" href="#answers">Skip to the answers</a>
      <header class="top"><p class="site">\(site)</p>
      <h1>\(title)</h1>
      <p class="period">\(period)</p>
      <p class="summary">\(summary)</p>
      <nav aria-label="Questions"><ol>\(links)</ol></nav></header>
      <main id="answers" tabindex="-1">
      \(parts)</main>
      <footer><h2>How the figures are made</h2>
      \(notes)</footer>
      </body></html>

      """
    return page.html
  }
}
