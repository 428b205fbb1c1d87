/// What becomes of a decision when its condition has cleared (`on_clear`).
package struct Closing: Sendable, Equatable {
  package var decision: DecisionKey
  /// When the condition cleared, by data time.
  package var time: Instant
  /// What was not sent yet is cancelled.
  package var cancels: Bool
  /// Setpoints that go back, and what is said on orders; each names the action that it closes.
  package var actions: [Action]
  package init(decision: DecisionKey, time: Instant, cancels: Bool, actions: [Action]) {
    self.decision = decision
    self.time = time
    self.cancels = cancels
    self.actions = actions
  }
}
