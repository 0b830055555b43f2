internal import Lifecycle

extension Fields {
  /// The name under which the document declares its thing.
  func resourceName(_ what: String) -> String? { required("name", "the name of \(what)")?.name(what) }

  func model() -> ModelSpecification? {
    let name = resourceName("a model")
    let task = required("task", "classification or regression")?.choice(ModelSpecification.Task.self)
    let tags = optional("tags", default: [:]) { value in
      value.members("keys and texts, e.g. {team: oncology}").map { members in
        Dictionary(members.compactMap { key, value in value.anyText("text").map { (key, $0) } }, uniquingKeysWith: { $1 })
      }
    }
    finish()
    guard let name, let task else { return nil }
    return ModelSpecification(name: name, task: task, tags: tags)
  }

  func pool() -> PoolSpecification? {
    let name = resourceName("a pool")
    let slots = required("slots", "how many runs may be under way at once")?.integer(1...100_000, "a whole number from 1")
    finish()
    guard let name, let slots else { return nil }
    return PoolSpecification(name: name, slots: slots)
  }
}
