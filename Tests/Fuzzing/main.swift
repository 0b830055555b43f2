internal import Foundation

// kedge-fuzz TARGET [libFuzzer's arguments]; without a target it lists them.
let arguments = CommandLine.arguments
guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
  print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
  exit(arguments.count > 1 ? 2 : 0)
}
FuzzTarget.chosen = target
var argc = Int32(arguments.count - 1)
var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count)
for (index, argument) in ([arguments[0]] + arguments.dropFirst(2)).enumerated() { argv?[index] = strdup(argument) }
argv?[arguments.count - 1] = nil

/// libFuzzer's own loop: it never returns an error that is not a finding.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ argc: UnsafeMutablePointer<Int32>, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What libFuzzer's own main, which is linked too but not run, would call.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

exit(runFuzzer(&argc, &argv, testOneInput))
