import Rules
import Testing

/// Since when each trouble has stood, and that its end is told once.
@Suite struct TroubleTests {
  private let start = Instant(seconds: 1_000_000)

  @Test func a_trouble_says_since_when_however_its_text_changes() {
    var book = TroubleBook()
    _ = book.note([Trouble(.ledger, "once")], at: start)
    let later = book.note([Trouble(.ledger, "twice")], at: start + .seconds(5))
    #expect(later.map(\.text) == ["twice"])
    #expect(later.map(\.since) == [start])
    #expect(later[0].words == "twice (since \(start))")
  }

  @Test func a_trouble_that_knows_since_when_is_believed_and_the_first_word_stands() {
    var book = TroubleBook()
    let began = start + .seconds(-60)
    _ = book.note([Trouble(.link, of: "plant", "down", since: began)], at: start)
    let later = book.note([Trouble(.link, of: "plant", "catching up", since: start)], at: start)
    #expect(later.map(\.since) == [began])
  }

  @Test func the_end_of_a_trouble_is_told_once_and_its_return_is_another() {
    var book = TroubleBook()
    let links = [Trouble(.link, of: "a", "a is down"), Trouble(.link, of: "b", "b is down")]
    _ = book.note(links, at: start)
    #expect(book.takeEnded().isEmpty)
    _ = book.note([links[0]], at: start + .seconds(1))
    #expect(book.takeEnded().map(\.trouble.key.subject) == ["b"])
    #expect(book.takeEnded().isEmpty)
    let back = book.note(links, at: start + .seconds(2))
    #expect(back.map(\.since) == [start, start + .seconds(2)])
  }
}
