// swift-tools-version: 6.2
import PackageDescription

// `ops/fuzz` builds our own modules optimised, with libFuzzer and the address sanitizer.
let isFuzzing = Context.environment["KEDGE_FUZZ"] != nil

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ] + (isFuzzing ? [.unsafeFlags(["-O", "-sanitize=fuzzer,address"])] : [])

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of one module; what they share lies in `Tests/TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "kedge",
  products: [.executable(name: "kedge", targets: ["kedge"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    // `kedge serve`: a server of our own would be an HTTP parser of our own.
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: ["FullFoundation"]),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Only for `swift package generate-documentation`; nothing that is built depends on it.
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: [
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CLibCurlShim", dependencies: ["CLibCurl"]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLinux"),

    module("Values", [crypto]),
    module("PostgreSQL", ["CLibPQ", "CLinux", "Values", logging]),
    module("Embedded", ["PostgreSQL", "CLinux", logging]),
    module("HTTPTransport", ["CLibCurl", "CLibCurlShim"]),
    module("Migrations", ["PostgreSQL", crypto], resources: [.embedInCode("SQL")]),
    module("EventLog", ["CZlib", "PostgreSQL", "Values", crypto, logging]),
    module("Statistics"),
    module("Parquet", ["CSnappy", "CZlib", "CZstd", "Values"]),
    module("Profiles", ["CZlib", "HTTPTransport", "Parquet", "PostgreSQL", "Statistics", "Values", crypto, logging]),
    module("Reports", ["Profiles", "Statistics", "Values", crypto]),
    module("Lifecycle", ["Statistics", "Values"]),
    module("Declarations", ["HTTPTransport", "Lifecycle", "Profiles", "Statistics", "Values", "Yams"]),
    module("Projections", ["EventLog", "Lifecycle", "PostgreSQL", "Values", logging]),
    module("Integrations", ["HTTPTransport", "Lifecycle", "Values", "CLinux", crypto, subprocess, system]),
    module("Workers", [
      "EventLog", "Integrations", "Lifecycle", "PostgreSQL", "Profiles", "Projections", "Statistics", "Values", crypto, logging,
    ]),
    module("Telemetry", ["HTTPTransport", "Lifecycle", "PostgreSQL", "Values", logging]),
    module(
      "Server", ["EventLog", "Lifecycle", "PostgreSQL", "Profiles", "Projections", "Telemetry", "Values", crypto, httpTypes, hummingbird, hummingbirdCore, logging, nio,
        serviceLifecycle,
      ]),
    .executableTarget(
      name: "kedge",
      dependencies: [
        "CLinux", "Declarations", "Embedded", "EventLog", "Lifecycle", "Migrations", "PostgreSQL", "Profiles", "Projections", "Reports", "Server",
        "Statistics", "Telemetry", "Values", "Workers", "Integrations", crypto, logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "kedge-bench",
      dependencies: ["AlertWorkload", "EventLog", "Lifecycle", "Migrations", "PostgreSQL", "Profiles", "Projections", "Statistics", "Values", logging],
      path: "ops/benchmarks", exclude: ["peers.py", "Data/peers.py"], swiftSettings: strict),
    .target(name: "TestSupport", dependencies: ["PostgreSQL", "Migrations", "Values", logging], path: "Tests/TestSupport", swiftSettings: strict),
    tests("ValuesTests", ["Values"]),
    tests("PostgreSQLTests", ["PostgreSQL", "TestSupport", "Values", "Embedded", logging]),
    tests("EventLogTests", ["EventLog", "Migrations", "PostgreSQL", "TestSupport", "Values"]),
    tests("InterleavingTests", ["CLibPQ", "PostgreSQL", "TestSupport", "Values", "EventLog"]),
    tests("StatisticsTests", ["Statistics", "Values"], resources: [.copy("Golden")]),
    tests("ParquetTests", ["Parquet"], resources: [.copy("Files")]),
    tests(
      "ProfilesTests", ["HTTPTransport", "PostgreSQL", "Profiles", "Statistics", "StubServer", "TestSupport", "Values"]),
    tests("ReportsTests", ["Profiles", "Reports", "Statistics", "Values"], resources: [.copy("browser.py")]),
    .target(name: "AlertWorkload", dependencies: ["Lifecycle", "Profiles", "Statistics", "Values"], path: "Tests/AlertWorkload", swiftSettings: strict),
    tests("LifecycleTests", ["AlertWorkload", "Lifecycle", "Values"]),
    tests("DeclarationsTests", ["Declarations", "Lifecycle", "Values"]),
    .target(name: "StubServer", path: "Tests/StubServer", exclude: ["stub_server.py"], swiftSettings: strict),
    .executableTarget(name: "SuperviseFixture", dependencies: ["Integrations", "HTTPTransport"], path: "Tests/SuperviseFixture", swiftSettings: strict),
    tests("HTTPTransportTests", ["HTTPTransport", "StubServer"]),
    tests("IntegrationsTests", ["Integrations", "HTTPTransport", "Lifecycle", "Values", "StubServer", "SuperviseFixture"]),
    tests("ProjectionsTests", ["EventLog", "Lifecycle", "PostgreSQL", "Projections", "TestSupport", "Values", logging]),
    tests("TelemetryTests", ["EventLog", "HTTPTransport", "Lifecycle", "PostgreSQL", "Projections", "Telemetry", "TestSupport", "Values", logging]),
    tests(
      "ServerTests",
      ["EventLog", "HTTPTransport", "Lifecycle", "PostgreSQL", "Projections", "Server", "StubServer", "Telemetry", "TestSupport", "Values", logging],
      resources: [.copy("check_metrics.py")]),
    tests("WorkersTests", ["AlertWorkload", "Lifecycle", "Profiles", "Values", "Workers"]),
    tests(
      "CommandLineTests",
      [
        "Embedded", "EventLog", "HTTPTransport", "Lifecycle", "PostgreSQL", "Projections", "StubServer", "TestSupport", "Values", "kedge", logging, subprocess,
        system,
      ]),
    tests("Scenarios", ["kedge", "Embedded", "EventLog", "HTTPTransport", "Lifecycle", "PostgreSQL", "StubServer", "TestSupport", "Values", logging], resources: [.copy("Models")]),
  ],
  swiftLanguageModes: [.v6]
)

if isFuzzing {
  package.targets.append(
    .executableTarget(
      name: "kedge-fuzz", dependencies: ["Declarations", "Lifecycle", "Parquet", "Profiles", "Values"], path: "Tests/Fuzzing", exclude: ["Corpus"],
      swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
