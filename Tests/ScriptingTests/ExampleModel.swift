import Rules

/// The classes of the example site, and some around them, for rules to be read against.
enum Plant {
  static let owners = ["rotating-equipment", "heat-treatment", "utilities"]

  static let model = Model(
    classes: [
      AssetClass(
        name: "CentrifugalPump",
        tags: [
          TagDefinition(name: "Running", type: .boolean),
          TagDefinition(name: "SuctionPressure", type: .number, unit: "bar g"),
          TagDefinition(name: "DischargePressure", type: .number, unit: "bar g"),
          TagDefinition(name: "Flow", type: .number, unit: "m3/h"),
          TagDefinition(name: "VibrationRMS", type: .number, unit: "mm/s"),
          TagDefinition(name: "BearingTemperature", type: .number, unit: "degC"),
          TagDefinition(name: "MotorCurrent", type: .number, unit: "A"),
          TagDefinition(name: "SpeedSetpoint", type: .number, unit: "%"),
        ], references: [ReferenceDefinition(name: "standby", assetClass: "CentrifugalPump")]),
      AssetClass(
        name: "ReciprocatingCompressor",
        tags: [
          TagDefinition(name: "Running", type: .boolean),
          TagDefinition(name: "DischargeTemperature", type: .number, unit: "degC"),
          TagDefinition(name: "DischargePressure", type: .number, unit: "bar g"),
          TagDefinition(name: "OilPressure", type: .number, unit: "bar g"),
          TagDefinition(name: "CoolingWaterFlow", type: .number, unit: "m3/h"),
          TagDefinition(name: "MotorCurrent", type: .number, unit: "A"),
          TagDefinition(name: "Starts", type: .counter),
        ]),
      AssetClass(
        name: "Oven",
        tags: [
          TagDefinition(
            name: "State", type: .states(names: ["Idle", "Heating", "Holding", "Cooling"], codes: [0, 1, 2, 3])),
          TagDefinition(name: "Temperature", type: .number, unit: "degC"),
          TagDefinition(name: "TemperatureTarget", type: .number, unit: "degC"),
          TagDefinition(name: "HeaterCurrent", type: .number, unit: "A"),
          TagDefinition(name: "FanRunning", type: .boolean),
          TagDefinition(name: "BatchId", type: .text),
        ]),
      AssetClass(
        name: "OvenZone",
        tags: [
          TagDefinition(name: "Temperature", type: .number, unit: "degC"),
          TagDefinition(name: "State", type: .states(names: ["Off", "On"], codes: [0, 1])),
        ]),
      AssetClass(
        name: "Line",
        tags: [
          TagDefinition(name: "Speed", type: .number, unit: "m/min"),
          TagDefinition(name: "Mode", type: .states(names: ["Stopped", "Running"], codes: [0, 1])),
        ]),
    ], assets: []
  ) { _, _ in SourceID(0) }
}
