// swift-tools-version: 6.2
import PackageDescription

let swift6: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "millwright",
  products: [
    .executable(name: "millwright", targets: ["millwright"]),
    // Loaded before a program by tests that let its disk fail.
    .library(name: "PowerLoss", type: .dynamic, targets: ["CPowerLoss"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // C libraries of the system. `pkg-config` finds their headers.
    .systemLibrary(
      name: "CLuaSystem", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(
      name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Settings of the allocator of glibc, which Swift's Glibc leaves out.
    .systemLibrary(name: "CAllocator"),

    // The only code that longjmp may cross.
    .target(name: "CLua", dependencies: ["CLuaSystem"]),

    // Words, evaluator and policy: pure. No import, not even Foundation.
    .target(name: "Rules", swiftSettings: swift6),

    // Neighbours of Rules. None imports another.
    .target(
      name: "Site",
      dependencies: ["Rules", .product(name: "Yams", package: "Yams")], swiftSettings: swift6),
    .target(
      name: "Scripting",
      dependencies: ["Rules", "CLua", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift6),
    .target(
      name: "Ingest", dependencies: ["Rules", "CMosquitto", "COpenSSL", "CZlib"], swiftSettings: swift6),
    .target(
      name: "Ledger",
      dependencies: [
        "Rules", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: swift6),
    .target(
      name: "Delivery",
      dependencies: ["Rules", "CCurl", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift6),
    .target(name: "Engine", dependencies: ["Rules"], swiftSettings: swift6),
    .target(name: "Benefit", dependencies: ["Rules"], swiftSettings: swift6),
    .target(name: "Explain", dependencies: ["Rules"], swiftSettings: swift6),
    .target(name: "Historian", dependencies: ["Rules", "CCurl"], swiftSettings: swift6),
    .target(
      name: "Demo",
      dependencies: [
        "Rules", "CMosquitto", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: swift6),

    // The command names the parts.
    .executableTarget(
      name: "millwright",
      dependencies: [
        "Rules", "Site", "Scripting", "Ingest", "Ledger", "Delivery", "Engine", "Benefit", "Explain",
        "Historian", "Demo", "CAllocator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: swift6),

    // Tests, and what they need that is no part of the product.
    .testTarget(
      name: "RulesTests", dependencies: ["Rules", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift6),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "Rules", "Ledger", "LedgerWriter", "tickmemory"],
      swiftSettings: swift6),
    .testTarget(name: "BenefitTests", dependencies: ["Benefit", "Rules"], swiftSettings: swift6),
    .testTarget(name: "SiteTests", dependencies: ["Site", "Rules"], swiftSettings: swift6),
    .testTarget(
      name: "ScriptingTests", dependencies: ["Campaigns", "Scripting", "Rules", "CLua", "CSpin"], swiftSettings: swift6),
    .testTarget(
      name: "ExplainTests", dependencies: ["Explain", "Scripting", "Rules"], exclude: ["Golden"],
      swiftSettings: swift6),
    .testTarget(name: "HistorianTests", dependencies: ["Historian", "Rules"], swiftSettings: swift6),
    .testTarget(name: "IngestTests", dependencies: ["Campaigns", "Ingest", "Rules", "CZlib"], swiftSettings: swift6),
    .testTarget(
      name: "LedgerTests",
      dependencies: ["Campaigns", "Rules", "Ledger", "LedgerWriter", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swift6),
    .testTarget(name: "DeliveryTests", dependencies: ["Delivery", "Engine", "Ledger", "Rules"], swiftSettings: swift6),
    .testTarget(
      name: "DemoTests", dependencies: ["Demo", "Rules", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift6),

    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "millwright", "Campaigns", "CPowerLoss", "Faults", "LedgerWriter", "Demo", "Delivery", "Engine", "Ingest",
        "Ledger", "Rules",
        "Scripting", "Site",
      ],
      swiftSettings: swift6),

    // How large random campaigns are, the dice they throw, and how a test waits for another process.
    .target(name: "Campaigns", path: "Tests/Campaigns", swiftSettings: swift6),

    // A process that dies inside a call of Lua, for tests to start.
    .target(name: "CSpin", path: "Tests/CSpin"),
    .executableTarget(
      name: "doomed", dependencies: ["CSpin", "Rules", "Scripting"], path: "Tests/Doomed", swiftSettings: swift6),

    // What a tick holds at its peak, counted in a process where nothing else allocates.
    .target(name: "CMemory", path: "Tests/CMemory"),
    .executableTarget(
      name: "tickmemory", dependencies: ["CMemory", "Rules"], path: "Tests/TickMemory", swiftSettings: swift6,
      linkerSettings: [.linkedLibrary("m")]),

    // Power that fails, bits that flip: a disk that fails as disks do, and a program that writes ledgers on it.
    .target(name: "CPowerLoss", path: "Tests/CPowerLoss"),
    .executableTarget(
      name: "LedgerWriter", dependencies: ["Ledger", "Rules"], path: "Tests/LedgerWriter", swiftSettings: swift6),
    .target(name: "Faults", dependencies: ["CPowerLoss", "Demo"], path: "Tests/Faults", swiftSettings: swift6),
    .testTarget(
      name: "FaultTests",
      dependencies: [
        "Campaigns", "CPowerLoss", "Faults", "LedgerWriter", "Demo", "Ledger", "Rules",
        .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: swift6),

    // `make bench`, with its bound in plain C.
    .target(name: "CBound", dependencies: ["CLuaSystem", "CMosquitto"], path: "Tests/CBound"),
    .executableTarget(
      name: "bench",
      dependencies: [
        "Benefit", "CAllocator", "CBound", "Demo", "Engine", "Ingest", "Ledger", "Rules", "Scripting", "Site",
        .product(name: "GRDB", package: "GRDB.swift"),
      ], path: "Tests/Bench", swiftSettings: swift6),
  ],
  swiftLanguageModes: [.v6]
)
