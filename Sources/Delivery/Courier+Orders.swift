import Rules

/// Orders that the other system has already: what became of them, and trouble that comes again while one is open.
extension Courier {
  /// How often an unchanged order is asked for at least, unless its adapter wants to be asked less.
  private static let slowestFollow = TimeSpan.hours(1)
  /// The recurrences that are said on the order: the first, tenth, hundredth, ...
  private static let spoken: Set<Int> = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]

  private enum Standing {
    case known(OrderStatus)
    case notNow(after: TimeSpan?, why: String)
    case fault(String)
  }

  /// Asks for what became of an order. Only what changed is reported.
  func follow(_ claim: Claim, _ order: OpenOrder) -> Outcome {
    let (standing, sign) = ask(claim, order, count: 0)
    let now = clock()
    var outcome = Outcome(sign: sign)
    var wait = code.followEvery
    switch standing {
    case .known(let status):
      if status.isNews(to: order) {
        outcome.commands = [.followed(status)]
        outcome.line = status.line(order)
      } else {
        // The longer nothing has changed, the less often it is asked for.
        let slowest = max(Courier.slowestFollow, code.followEvery)
        wait = min(max(wait, (now - order.since) / 10), slowest)
      }
    case .notNow(let after, _): wait = max(wait, after ?? .zero)
    case .fault(let why):
      wait = Courier.slowestFollow
      outcome.line = wire.clean("\(order.action): the status of \(order.reference) cannot be had: \(why)")
    }
    outcome.nextFollow = (order.action, now + wait)
    return outcome
  }

  /// A recurrence. Whether the order is open still is asked now: what was known of it may be an hour old, and a
  /// recurrence counted on a closed order would be lost.
  func join(_ claim: Claim, _ order: OpenOrder) -> Outcome {
    let began = clock()
    let (standing, sign) = ask(claim, order, count: claim.attempt)
    switch standing {
    case .fault(let why):
      let said = "whether order \(order.reference) is open cannot be told: \(why)"
      return outcome(of: claim, began, Ending(receipt: .rejected(said), sign: sign, isFault: true, course: .dead))
    case .notNow(let after, let why):
      let said = "whether order \(order.reference) is still open is not known: \(why)"
      return outcome(of: claim, began, Ending(receipt: .tryAgain(after: after, why: said), sign: sign))
    case .known(let status):
      var news = Outcome()
      if status.isNews(to: order) { news = Outcome(commands: [.followed(status)]) }
      switch status.standing {
      case .open, .inProgress:
        var outcome = outcome(of: claim, began, merged(claim, order, sign))
        outcome.commands += news.commands
        return outcome
      case .done, .cancelled, .unknown:
        var outcome = send(claim)
        outcome.commands += news.commands
        return outcome
      }
    }
  }

  /// The condition is over, and whoever has the order should know. One that is closed already need not hear of it; where
  /// that cannot be asked, or not now, it is said.
  func comment(_ claim: Claim, on order: OpenOrder) -> Outcome {
    let began = clock()
    var news: [Command] = []
    if code.skills.contains(.status), case .known(let status) = ask(claim, order, count: claim.attempt).0 {
      if status.isNews(to: order) { news = [.followed(status)] }
      if status.standing.isFinal {
        let said = "order \(order.reference) is \(status.standing.rawValue) already"
        var outcome = outcome(of: claim, began, Ending(receipt: .rejected(said), course: Course(next: .cancelled)))
        outcome.commands += news
        return outcome
      }
    }
    var outcome = outcome(of: claim, began, said(claim, order, nil))
    outcome.commands += news
    return outcome
  }

  /// Counted on the open order, and said there when it is worth saying. A comment that cannot be made changes nothing
  /// about that.
  private func merged(_ claim: Claim, _ order: OpenOrder, _ sign: Breaker.Sign?) -> Ending {
    guard Courier.spoken.contains(order.recurrences), code.skills.contains(.comment) else {
      return Ending(receipt: .already(reference: order.reference), sign: sign, course: Course(next: .merged))
    }
    return said(claim, order, sign)
  }

  /// Says it on the order; the action is *merged* into it, but while it is to be tried again.
  private func said(_ claim: Claim, _ order: OpenOrder, _ sign: Breaker.Sign?) -> Ending {
    let course = Course(next: .merged)
    let request: HTTPRequest
    do {
      request = try sendable(code.comment(tree(claim, order), settings: settings.settings))
    } catch {
      return Ending(receipt: .unknown("making the comment failed: \(error)"), isFault: true, course: course)
    }
    let result = wire.perform(request, key: claim.wireKey + "-comment")
    let sign = Breaker.Sign(result, now: clock())
    switch result {
    case .notSent(let why): return uncommented(claim, .tryAgain(after: nil, why: why), nil, sign)
    case .maybeSent(let why):
      return Ending(receipt: .unknown("the comment may be missing: \(why)"), sign: sign, course: course)
    case .response(let response):
      do {
        switch try code.readComment(response).honouring(response, now: clock()) {
        case .accepted, .already:
          return Ending(
            receipt: .already(reference: order.reference), status: response.status, sign: sign, course: course)
        case .tryAgain(let after, let why):
          return uncommented(claim, .tryAgain(after: after, why: why), response.status, sign)
        case .rejected(let why), .unknown(let why):
          let said = "the comment was not taken: \(why)"
          return Ending(receipt: .unknown(said), status: response.status, sign: sign, course: course)
        }
      } catch {
        let why = "reading the answer to the comment failed: \(error)"
        return Ending(receipt: .unknown(why), status: response.status, sign: sign, isFault: true, course: course)
      }
    }
  }

  /// Tried again by the schedule; at its end the recurrence stays counted.
  private func uncommented(_ claim: Claim, _ receipt: Receipt, _ status: Int?, _ sign: Breaker.Sign) -> Ending {
    // Nothing is made by a comment that failed, so its status is nothing to be careful about.
    let again = schedule.course(after: receipt, status: nil, attempt: claim.attempt, at: clock())
    let course = again.next == .ready ? again : Course(next: .merged)
    return Ending(receipt: receipt, status: status, sign: sign, course: course)
  }

  /// `count` makes the key of this question differ from that of others in one second.
  private func ask(_ claim: Claim, _ order: OpenOrder, count: Int) -> (Standing, Breaker.Sign?) {
    let request: HTTPRequest
    do {
      request = try sendable(code.status(tree(claim, order), settings: settings.settings))
    } catch {
      return (.fault("making the question failed: \(error)"), nil)
    }
    let asked = clock()
    let result = wire.perform(request, key: "\(order.wireKey)-status-\(asked.microseconds / 1_000_000)-\(count)")
    let now = clock()
    let sign = Breaker.Sign(result, now: now)
    switch result {
    case .notSent(let why), .maybeSent(let why): return (.notNow(after: nil, why: why), sign)
    case .response(let response):
      do {
        switch try code.readStatus(response) {
        case .tryAgain(let after, let why): return (.notNow(after: after, why: why), sign)
        case .status(let report):
          let status = OrderStatus(
            action: order.action, at: now, standing: report.standing, cause: report.cause.map(wire.clean),
            cost: report.cost, started: report.started, done: report.done)
          return (.known(status), sign)
        }
      } catch {
        return (.fault("reading status \(response.status) failed: \(error)"), sign)
      }
    }
  }

  private func tree(_ claim: Claim, _ order: OpenOrder) -> Tree {
    order.tree(
      action: claim.tree(adapter: settings.name, site: site),
      says: claim.action.closes == nil ? nil : claim.action.text)
  }
}

extension OrderStatus {
  fileprivate func isNews(to order: OpenOrder) -> Bool {
    guard var known = order.known else { return true }
    known.at = at
    return known != self
  }

  fileprivate func line(_ order: OpenOrder) -> String {
    "\(action): order \(order.reference) is \(standing.rawValue)" + (cause.map { ": \($0)" } ?? "")
  }
}
