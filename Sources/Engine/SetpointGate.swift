import Rules
import Synchronization

/// The envelope's second check: asked on a dispatcher's thread when a setpoint request is claimed, it judges by what
/// the engine's thread knew at its last commit. Until there was one it lets nothing through.
package final class SetpointGate: Sendable {
  private struct Place: Hashable {
    var asset: String
    var tag: String
  }
  private struct State {
    var open: [Place: OpenSetpoint] = [:]
    var clockIsTrusted = false
    var conduits: Conduits
  }
  private let state: Mutex<State>

  package init(_ conduits: [Conduit]) { state = Mutex(State(conduits: Conduits(conduits))) }

  /// From here on these are the permitted paths.
  package func take(_ conduits: [Conduit]) { state.withLock { $0.conduits = Conduits(conduits) } }

  /// Takes over what is known of all requests that may still be sent.
  package func publish(_ decider: Decider, clockIsTrusted: Bool, at now: Instant) {
    guard state.withLock({ !$0.conduits.isEmpty || !$0.open.isEmpty }) else { return }
    let open = decider.openSetpoints(at: now)
    state.withLock { state in
      state.clockIsTrusted = clockIsTrusted
      if open.isEmpty && state.open.isEmpty { return }
      state.open = Dictionary(
        open.map { (Place(asset: $0.asset, tag: $0.tag), $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// Why an action must not be sent now; nil when it may. Anything but a setpoint may.
  package func permit(_ decision: Decision, _ action: Action, _ now: Instant) -> String? {
    guard action.kind == .setpoint else { return nil }
    let (conduits, known, clockIsTrusted) = state.withLock { state in
      let asset = action.on?.path ?? decision.key.asset
      let known = action.setpoint.flatMap { state.open[Place(asset: asset, tag: $0.tag)] }
      return (state.conduits, known, state.clockIsTrusted)
    }
    return conduits.refusal(of: action, decision, knowing: known, clockIsTrusted: clockIsTrusted, at: now)
      .map { "\($0)" }
  }
}
