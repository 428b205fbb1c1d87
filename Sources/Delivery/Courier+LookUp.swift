import Rules

extension Courier {
  /// What was asked of the other system, and what that leads to.
  private struct Finding {
    var answer: LookUpAnswer
    var status: Int?
    var sign: Breaker.Sign?
    var course: Course
  }

  /// How far the clocks of two systems may differ.
  private static let clockDifference = TimeSpan.minutes(5)

  /// Asks whether the other system has an action whose attempt had no answer, or that may have been made by an engine
  /// whose ledger is lost.
  func lookUp(_ claim: Claim, _ number: Int) -> Outcome {
    let began = clock()
    let finding = tooEarly(claim, at: began) ?? found(claim, number)
    let lookUp = LookUp(
      action: claim.key, number: number, began: began, ended: clock(), status: finding.status,
      answer: cleaned(finding.answer, key: claim.wireKey), next: finding.course.next, due: finding.course.due)
    return Outcome(commands: [.lookedUp(lookUp)], sign: finding.sign, line: lookUp.line)
  }

  /// The engine before the restore may have sent it in its last moment.
  private func tooEarly(_ claim: Claim, at now: Instant) -> Finding? {
    guard let doubt = claim.doubt, code.skills.contains(.lookUp) else { return nil }
    let believed = doubt.until + settings.totalTimeout + code.visibleAfter
    guard now < believed else { return nil }
    return Finding(
      answer: .unknown("what was sent before the restore may not be visible before \(believed)"),
      course: Course(next: .unknown, due: believed))
  }

  private func found(_ claim: Claim, _ number: Int) -> Finding {
    guard code.skills.contains(.lookUp) else { return unasked(claim) }
    let byKey = ask(claim, number, "look-up") {
      try code.lookUp(claim.tree(adapter: settings.name, site: site), settings: settings.settings)
    } read: {
      try code.readLookUp($0)
    }
    guard claim.isInDoubt, byKey.answer == .absent, let doubt = claim.doubt else { return byKey }
    guard code.skills.contains(.lookUpOpen) else {
      var finding = byKey
      finding.course = Course(next: .unknown)
      return finding
    }
    let wanted = claim.wanted(since: doubt.since - Self.clockDifference, adapter: settings.name, site: site)
    var open = ask(claim, number, "look-up-open") {
      try code.lookUpOpen(wanted, settings: settings.settings)
    } read: {
      try code.readLookUpOpen($0, wanted: wanted)
    }
    if case .found = open.answer { open.course = Course(next: .merged) }
    return open
  }

  /// There is nobody to ask. A key that the system knows makes nothing twice, but for what was made under another.
  private func unasked(_ claim: Claim) -> Finding {
    if claim.isInDoubt || !code.isIdempotent {
      let why = "\(claim.doubt?.words ?? "it may have been made"), and this adapter cannot look it up"
      return Finding(answer: .unknown(why), course: Course(next: .unknown))
    }
    return Finding(
      answer: .unknown("it is sent again: the adapter knows the key"), course: Course(next: .ready, due: clock()))
  }

  private func ask(
    _ claim: Claim, _ number: Int, _ what: String, _ make: () throws -> HTTPRequest,
    read: (HTTPResponse) throws -> LookUpAnswer
  ) -> Finding {
    var status: Int?
    var sign: Breaker.Sign?
    let answer: LookUpAnswer
    do {
      let result = wire.perform(try sendable(make()), key: "\(claim.wireKey)-\(what)-\(number)")
      sign = Breaker.Sign(result, now: clock())
      switch result {
      case .notSent(let why), .maybeSent(let why): answer = .tryAgain(after: nil, why: why)
      case .response(let response):
        status = response.status
        answer = try read(response)
      }
    } catch {
      // Broken code is not mended by asking again.
      return Finding(
        answer: .unknown("the look-up failed: \(error)"), status: status, sign: sign, course: Course(next: .unknown))
    }
    let course = schedule.course(after: answer, number: number, attempt: claim.attempt, at: clock())
    return Finding(answer: answer, status: status, sign: sign, course: course)
  }

  private func cleaned(_ answer: LookUpAnswer, key: String) -> LookUp.Answer {
    switch answer {
    case .found(let text): .found(reference: reference(text, or: key))
    case .absent: .absent
    case .unknown(let why), .tryAgain(_, let why): .unknown(wire.clean(why))
    }
  }
}

extension LookUp {
  /// `pump_cavitation/…@…/1, look-up 2, status 200: it is there as WO-7; settled`
  fileprivate var line: String {
    let said =
      switch answer {
      case .found(let reference): "it is there as \(reference)"
      case .absent: "it is not there"
      case .unknown(let why): "not known (\(why))"
      }
    return "\(action), look-up \(number)" + (status.map { ", status \($0)" } ?? "") + ": \(said); \(next.rawValue)"
      + (due.map { " at \($0)" } ?? "")
  }
}
