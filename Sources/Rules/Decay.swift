/// e to the power of `-x`, for `x` of nought and more: what is left of a first-order lag after `x` time constants.
/// Worked out here because Rules imports nothing, and because the same digits must come out on every machine (S10).
func decay(_ x: Double) -> Double {
  guard x < 708 else { return 0 }
  // x = n ln 2 + rest; ln 2 in two parts, so that the rest keeps its digits.
  let n = (x * 1.442695040888963407).rounded()
  let rest = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
  // Taylor: the rest is at most 0.35, and the fourteenth term less than the last digit.
  var term = 1.0
  var sum = 1.0
  for k in 1...14 {
    term *= -rest / Double(k)
    sum += term
  }
  return sum * Double(sign: .plus, exponent: -Int(n), significand: 1)
}
