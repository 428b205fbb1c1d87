import Rules

/// The classes of the example site, for rules to be read against.
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
        ]),
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
    ], assets: []
  ) { _, _ in SourceID(0) }
}
