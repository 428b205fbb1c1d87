import Rules

extension Courier {
  /// Asks whether the other system has an action whose attempt had no answer.
  func lookUp(_ claim: Claim, _ number: Int) -> Outcome {
    let began = clock()
    var status: Int?
    var sign: Breaker.Sign?
    var isFault = false
    var answer: LookUpAnswer
    do {
      let tree = claim.tree(adapter: settings.name, site: site)
      let request = try sendable(code.lookUp(tree, settings: settings.settings))
      let result = wire.perform(request, key: "\(claim.wireKey)-look-up-\(number)")
      sign = Breaker.Sign(result, now: clock())
      switch result {
      case .notSent(let why), .maybeSent(let why): answer = .tryAgain(after: nil, why: why)
      case .response(let response):
        status = response.status
        answer = try code.readLookUp(response)
      }
    } catch {
      isFault = true
      answer = .unknown("the look-up failed: \(error)")
    }
    let ended = clock()
    // Broken code is not mended by asking again.
    let course =
      isFault
      ? Course(next: .unknown)
      : schedule.course(after: answer, number: number, attempt: claim.attempt, at: ended)
    let lookUp = LookUp(
      action: claim.key, number: number, began: began, ended: ended, status: status,
      answer: cleaned(answer, key: claim.wireKey), next: course.next, due: course.due)
    return Outcome(commands: [.lookedUp(lookUp)], sign: sign, line: lookUp.line)
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
