/// A system of states, small enough to look at every one.
protocol Model {
  associatedtype State: Hashable
  var initial: State { get }
  /// Every step that anybody can take next, with its name and what it leads to; none means that all is done.
  func steps(from state: State) -> [(name: String, next: State)]
  /// What does not hold of a state; nil when all does.
  func violation(in state: State) -> String?
  /// What does not hold when nobody can take another step.
  func violation(atEnd state: State) -> String?
}

/// What a check came to.
struct Check: CustomStringConvertible {
  let states: Int
  let transitions: Int
  let ends: Int
  /// What does not hold, and the shortest way there.
  let counterexample: (violation: String, path: [String])?

  /// On one line.
  var summary: String {
    "\(states) states, \(transitions) steps, \(ends) ends" + (counterexample.map { ": after \($0.path.count) steps \($0.violation)" } ?? "")
  }

  var description: String { ([summary] + (counterexample?.path ?? [])).joined(separator: "\n  ") }
}

extension Model {
  /// Visits every state that can be reached, those that are fewer steps away first.
  /// - Parameter most: more states than this are a mistake of the model.
  func check(most: Int = 5_000_000) -> Check {
    var found: [State: Int] = [initial: 0]
    // For each state where it came from, to tell the way.
    var queue: [(state: State, from: Int, by: String)] = [(initial, -1, "")]
    var (transitions, ends, at) = (0, 0, 0)
    func check(_ violation: String?) -> Check {
      var path: [String] = []
      var place = violation == nil ? 0 : at
      while place > 0 {
        path.append(queue[place].by)
        place = queue[place].from
      }
      return Check(states: queue.count, transitions: transitions, ends: ends, counterexample: violation.map { ($0, path.reversed()) })
    }
    while at < queue.count {
      let state = queue[at].state
      if let violation = violation(in: state) { return check(violation) }
      let steps = steps(from: state)
      if steps.isEmpty {
        ends += 1
        if let violation = violation(atEnd: state) { return check(violation) }
      }
      for (name, next) in steps {
        transitions += 1
        guard found[next] == nil else { continue }
        found[next] = queue.count
        queue.append((next, at, name))
      }
      guard queue.count <= most else { return check("more than \(most) states") }
      at += 1
    }
    return check(nil)
  }
}
