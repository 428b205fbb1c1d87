import Rules
import Site
import Testing

/// A line with two pumps and a header; the pumps are each other's standby.
private func line(_ standby: String = "P-2") throws -> Site {
  let scratch = try Scratch(copying: "Tests/Fixtures/sites/unknown_parent")
  try scratch.write(
    "site/assets.yaml",
    """
    classes:
      Pump:
        references: {standby: Pump}
        tags: {Flow: {type: number, unit: m3/h, stale_after: 60 s}}
      Line:
        tags: {Mode: {type: text, alive_by: device}}
    assets:
      Works:
        L-1:
          class: Line
          parts:
            Header:
              class: Line
              key: H
              parts:
                P-2: {class: Pump, references: {standby: Works/L-1/P-1}}
            P-1: {class: Pump, references: {standby: \(standby)}}
        P-9: {class: Pump}
    """)
  return try scratch.read()
}

private func paths(_ subject: Subject, from path: String) throws -> [String] {
  let model = try line().model
  let asset = try #require(model.assets.firstIndex { $0.path == path })
  return model.assets(of: subject, from: AssetID(asset)).map { model.assets[Int($0.index)].path }
}

@Test func a_reference_is_by_name_or_by_path() throws {
  #expect(try paths(.reference("standby"), from: "Works/L-1/P-1") == ["Works/L-1/Header/P-2"])
  #expect(try paths(.reference("standby"), from: "Works/L-1/Header/P-2") == ["Works/L-1/P-1"])
  #expect(try paths(.reference("standby"), from: "Works/P-9") == [])
}

@Test func the_nearest_ancestor_of_the_class_is_meant() throws {
  #expect(try paths(.ancestor(assetClass: "Line"), from: "Works/L-1/Header/P-2") == ["Works/L-1/Header"])
  #expect(try paths(.ancestor(assetClass: "Line"), from: "Works/L-1/P-1") == ["Works/L-1"])
  #expect(try paths(.ancestor(assetClass: "Line"), from: "Works/P-9") == [])
}

@Test func each_is_all_of_the_class_below_in_tree_order_and_not_beside() throws {
  #expect(try paths(.each(assetClass: "Pump"), from: "Works/L-1") == ["Works/L-1/Header/P-2", "Works/L-1/P-1"])
  #expect(
    try paths(.each(assetClass: "Pump"), from: "Works") == ["Works/L-1/Header/P-2", "Works/L-1/P-1", "Works/P-9"])
  #expect(try paths(.each(assetClass: "Pump"), from: "Works/P-9") == [])
}

@Test func whom_an_asset_names_is_in_the_fingerprint() throws {
  #expect(try line().fingerprint != line("Works/P-9").fingerprint)
  #expect(try line().fingerprint == line("Works/L-1/Header/P-2").fingerprint)
}
