import Foundation
import Testing
import Values

@Suite struct TimestampTests {
  @Test(arguments: [
    (Int64(0), "1970-01-01T00:00:00Z"), (1_763_877_042_500_000, "2025-11-23T05:50:42.5Z"), (-1, "1969-12-31T23:59:59.999999Z"),
    (951_782_400_000_000, "2000-02-29T00:00:00Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
  ])
  func `prints as RFC 3339 and reads back`(microseconds: Int64, text: String) {
    #expect(Timestamp(microseconds: microseconds).description == text)
    #expect(Timestamp(text)?.microseconds == microseconds)
  }

  @Test(arguments: ["2026-11-23 06:10", "2026-11-23T06:10:00Z", "2026-11-23T07:10:00+01:00", "2026-11-23t01:40:00-0430", "2026-11-23T06:10:00.0000009"])
  func `everyday forms of one instant read alike`(text: String) {
    #expect(Timestamp(text) == Timestamp("2026-11-23T06:10:00Z"))
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-29", "2026-11-23T25:00", "2026-11-23T06:10:00+1", "2026-11-23T06:10:00.", "next week", "2026-11-23 06:10 ",
  ])
  func `what is no time is refused`(text: String) { #expect(Timestamp(text) == nil) }

  /// Found by fuzzing: they were read, written with five digits or a sign, and then not read back.
  @Test(arguments: ["9999-12-31T23:59:60.1", "9999-12-31T23:30:00-01:00", "0000-01-01T00:30:00+01:00"])
  func `a time whose year has not four digits is none`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `a name gives the identifier that RFC 9562 gives`() {
    let dns = UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8")!
    #expect(UUID(namespace: dns, name: "www.example.com").lowercased == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  }
}
