import Benefit
import Foundation
import Testing

/// The pages as people meet them: on a phone, on a screen, on paper, with the keyboard, and by ear.
@Suite(.serialized) struct BrowserPageTests {
  static let pages: [(name: String, html: String)] = [
    ("return", returnPage(.rich)), ("return, nothing booked", returnPage(.empty)),
    ("return, hostile words", returnPage(.hostileEverywhere)),
    ("backtest", backtestPage(.rich)), ("backtest, nothing priced", backtestPage(.empty)),
    ("backtest, hostile words", backtestPage(.hostileEverywhere)),
  ]
  static let widths = [360, 768, 1280]

  @Test(arguments: pages.map(\.name)) func nothing_is_too_wide_too_pale_or_out_of_order(name: String) throws {
    let html = try page(name)
    let browser = try Browser()
    for width in Self.widths {
      try browser.show(html, width: width)
      let wrong = try #require(browser.value(Self.look) as? [String])
      #expect(wrong.isEmpty, "\(name) at \(width): \(wrong)")
      #expect(browser.complaints == [], "\(name) at \(width)")
    }
  }

  @Test(arguments: pages.map(\.name)) func the_keyboard_reaches_everything_in_order_and_shows_where_it_is(name: String)
    throws
  {
    let html = try page(name)
    let browser = try Browser()
    for width in Self.widths {
      try browser.show(html, width: width)
      let count = try #require(browser.value("(window.stops = \(Self.stops)).length") as? Int)
      #expect(count > 5)
      for place in 0..<count {
        try browser.press("Tab", code: 9)
        #expect(try browser.value(Self.focus) as? String == "\(place)", "\(name) at \(width)")
      }
    }
  }

  @Test func a_key_opens_the_figures_of_each_month() throws {
    let browser = try Browser()
    try browser.show(returnPage(.rich), width: 360)
    _ = try browser.value("document.querySelector('summary').focus()")
    #expect(try browser.value("document.querySelector('details').open") as? Bool == false)
    try browser.press(" ", code: 32)
    #expect(try browser.value("document.querySelector('details').open") as? Bool == true)
  }

  /// 186 mm between the margins.
  @Test(arguments: pages.map(\.name)) func paper_cuts_nothing_off(name: String) throws {
    let browser = try Browser()
    try browser.show(try page(name), width: 703, medium: "print")
    let wrong = try #require(browser.value(Self.look) as? [String])
    #expect(wrong.isEmpty, "\(wrong)")
    #expect(try browser.printed().starts(with: Data("%PDF".utf8)))
  }

  @Test func a_page_that_is_wrong_is_found_out() throws {
    let browser = try Browser()
    try browser.show(
      """
      <!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><body><h1>a</h1><h3>b</h3><p style="color:#999">pale</p>
      <div style="width:500px">wide</div><div style="overflow:auto;width:90px"><div style="width:120px">cut</div></div>
      <svg><text>x</text></svg><table></table><script>console.error("said")</script></body></html>
      """, width: 360)
    let found = try #require(browser.value(Self.look) as? [String])
    for word in ["wide on", "contrast", "h3 after h1", "scrolls without", "no title", "no caption"] {
      #expect(found.contains { $0.contains(word) }, "\(word) in \(found)")
    }
    #expect(browser.complaints.count == 1)
  }

  private func page(_ name: String) throws -> String {
    try #require(Self.pages.first { $0.name == name }).html
  }

  // MARK: What the browser is asked

  private static let stops =
    "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(e => e.checkVisibility())"

  /// Which of the stops has the focus, and whether that can be seen.
  private static let focus = """
    (() => {
      const stop = document.activeElement, style = getComputedStyle(stop), box = stop.getBoundingClientRect();
      if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `no outline on ${stop.outerHTML.slice(0, 80)}`;
      if (box.bottom <= 0 || box.top >= innerHeight) return `out of sight: ${stop.outerHTML.slice(0, 80)}`;
      return String(window.stops.indexOf(stop));
    })()
    """

  /// All that is wrong with how the page looks and reads, in words.
  private static let look = """
    (() => {
      const wrong = [], root = document.documentElement;
      const paper = matchMedia('print').matches;
      document.querySelectorAll('details').forEach(d => d.open = true);
      const named = e => e.outerHTML.slice(0, 90);

      if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide on ${root.clientWidth}`);
      for (const e of document.body.querySelectorAll('*')) {
        if (!e.checkVisibility() || e.closest('.heard') || e.closest('svg')) continue;
        const style = getComputedStyle(e);
        if (['auto', 'scroll'].includes(style.overflowX) && e.scrollWidth > e.clientWidth && e.tabIndex < 0)
          wrong.push(`scrolls without the keyboard: ${named(e)}`);
        if (style.overflowX === 'visible' && style.clipPath === 'none' && !e.closest('.scroll, thead, .skip')) {
          const box = e.getBoundingClientRect();
          if (box.right > root.clientWidth + 1 || box.left < -1) wrong.push(`sticks out: ${named(e)}`);
        }
        if (e.matches('.scroll') && (paper || root.clientWidth >= 1280 || root.clientWidth <= 360)
            && e.scrollWidth > e.clientWidth + 1) wrong.push(`${e.scrollWidth} wide in ${e.clientWidth}: ${named(e)}`);
      }

      const channels = color => color.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      const behind = e => {
        for (; e; e = e.parentElement) {
          const color = channels(getComputedStyle(e).backgroundColor);
          if (color.length < 4 || color[3] === 1) return color;
          if (color[3] > 0) wrong.push(`half transparent: ${named(e)}`);
        }
        return [255, 255, 255];
      };
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text; text = texts.nextNode();) {
        const e = text.parentElement;
        if (!text.data.trim() || !e.checkVisibility() || e.closest('title, desc, script, style')) continue;
        const style = getComputedStyle(e), drawn = e.closest('svg') !== null;
        const [a, b] = [light(channels(drawn ? style.fill : style.color)), light(behind(e))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)} of '${text.data.trim().slice(0, 40)}'`);
        const scale = drawn ? e.getScreenCTM().a : 1;
        if (parseFloat(style.fontSize) * scale < 9) wrong.push(`tiny: '${text.data.trim().slice(0, 40)}'`);
        if (drawn) {
          const box = e.getBoundingClientRect(), frame = e.ownerSVGElement.getBoundingClientRect();
          if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
            wrong.push(`outside its drawing: '${text.data}'`);
        }
      }

      if (!root.lang) wrong.push('no language');
      if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
      if (document.querySelectorAll('main').length !== 1 && document.querySelector('section')) wrong.push('not one main');
      let level = 0;
      for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
        const own = Number(h.tagName[1]);
        if (own > level + 1) wrong.push(`h${own} after h${level}: ${h.textContent}`);
        level = own;
      }
      const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
      if (new Set(ids).size !== ids.length) wrong.push('an id is there twice');
      for (const e of document.querySelectorAll('[aria-labelledby]'))
        for (const id of e.getAttribute('aria-labelledby').split(' '))
          if (!document.getElementById(id)?.textContent.trim()) wrong.push(`nothing is called ${id}`);
      for (const e of document.querySelectorAll('a[href]'))
        if (!e.getAttribute('href').startsWith('#') || !document.querySelector(e.getAttribute('href')))
          wrong.push(`leads nowhere: ${named(e)}`);
      for (const e of document.querySelectorAll('svg'))
        if (!e.querySelector('title')?.textContent || !e.querySelector('desc')?.textContent) wrong.push('a drawing has no title');
      for (const e of document.querySelectorAll('table'))
        if (!e.caption?.textContent.trim()) wrong.push('a table has no caption');
      for (const e of document.querySelectorAll('th')) if (!e.scope) wrong.push(`no scope: ${named(e)}`);
      if (document.querySelectorAll('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').length) wrong.push('an order of its own');
      return wrong;
    })()
    """
}
