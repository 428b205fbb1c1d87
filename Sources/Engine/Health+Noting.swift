import Rules

// What the engine's thread notes of itself for its health.

extension Health {
  /// What the configuration says of each source: how long what it brings may wait, and how long it may be silent.
  mutating func know(_ configuration: Configuration) {
    var lives: [Int32: TimeSpan] = [:]
    for tag in configuration.model.tags {
      let asset = configuration.model.assets[Int(tag.asset.index)]
      let definition = configuration.model.classes[asset.classIndex].tags[tag.place]
      guard case .itself(let staleAfter) = definition.life else { continue }
      lives[tag.source.index] = max(lives[tag.source.index] ?? .zero, staleAfter)
    }
    for index in sources.indices where configuration.sources.indices.contains(index) {
      sources[index].silentAfter = lives[Int32(index)] ?? configuration.policy.blindAfter
      // A commit, during which nothing is taken, may last a second.
      sources[index].waitsAtMost = max(configuration.sources[index].lateness, Health.longestCommit)
    }
  }

  /// Something of a source was taken: inputs, of which those before `start` are of others. Ages are reckoned where the
  /// wall clock is believed.
  mutating func took(
    _ intake: Intake, from start: Int, of source: SourceID, wall: Instant, steady: Instant, clockIsTrusted: Bool
  ) {
    guard sources.indices.contains(Int(source.index)) else { return }
    sources[Int(source.index)].heard = steady
    guard clockIsTrusted else { return }
    for input in intake.inputs[start...] {
      guard case .change(let change) = input else { continue }
      sources[Int(source.index)].waited = max(sources[Int(source.index)].waited, wall - change.arrived)
      // They are in the order of their arrival.
      return
    }
  }

  /// A commit took from one moment of the steady clock to another.
  mutating func committed(_ began: Instant, _ ended: Instant) {
    if ended - began > Health.longestCommit { slowCommit = SlowCommit(took: ended - began, ended: ended) }
  }

  /// What was reckoned since the last time was posted.
  mutating func beginAgain() {
    for index in sources.indices {
      sources[index].waitedBefore = sources[index].waited
      sources[index].waited = .zero
    }
  }

  mutating func note(_ input: Input, _ configuration: Configuration) {
    switch input {
    case .change(let change):
      let index = Int(change.tag.index)
      guard configuration.model.tags.indices.contains(index) else { return }
      let source = Int(configuration.model.tags[index].source.index)
      guard sources.indices.contains(source) else { return }
      // What may be past says nothing of how far the source has come.
      if change.arrived - change.time <= Evaluator.pastAfter {
        sources[source].newestData = max(sources[source].newestData ?? .distantPast, change.time)
      }
      sources[source].newestArrival = change.arrived
    case .source(let source, let event, let time):
      guard sources.indices.contains(Int(source.index)) else { return }
      switch event {
      case .connected: sources[Int(source.index)].link = .catchingUp
      case .caughtUp: sources[Int(source.index)].link = .up
      case .lost: sources[Int(source.index)].link = .down
      case .newSession: return
      }
      sources[Int(source.index)].since = time
    case .tick, .partialTick, .bind, .config, .command, .fault, .death, .meaning, .skipped: break
    }
  }
}

extension Health {
  /// Whose newest samples are past, an asset each.
  mutating func look(at evaluator: Evaluator) {
    behind = []
    for (tag, time) in evaluator.tagsBehind {
      let model = evaluator.configuration.model
      let asset = model.assets[Int(model.tags[Int(tag.index)].asset.index)].path
      if behind.last?.asset == asset {
        behind[behind.count - 1].tags += 1
        behind[behind.count - 1].time = min(behind[behind.count - 1].time, time)
      } else {
        behind.append(Behind(asset: asset, tags: 1, time: time))
      }
    }
  }
}

extension Health.Source {
  mutating func look(at memory: Memory, _ source: SourceID) {
    if memory.decider.evaluator.isUp(source) { link = .up }
  }
}
