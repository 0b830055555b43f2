import Testing

@testable import Workers

@Suite struct DrainTests {
  @Test func `whoever sleeps is woken when draining begins`() async {
    let drain = Drain()
    let sleeper = Task { await drain.sleep(.seconds(3600)) }
    drain.begin()
    await sleeper.value
    #expect(drain.hasBegun)
    await drain.wait()
  }

  @Test func `a wait that is cancelled ends, before and after it began`() async {
    let drain = Drain()
    for _ in 0..<200 {
      let waiter = Task { await drain.wait() }
      waiter.cancel()
      await waiter.value
    }
    #expect(!drain.hasBegun)
  }
}
