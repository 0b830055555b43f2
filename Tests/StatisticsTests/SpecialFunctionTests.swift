import Foundation
import Testing
import Values

@testable import Statistics

@Suite struct SpecialFunctionTests {
  private func table(_ prefix: String) throws -> [(arguments: [Double], wanted: JSON)] {
    let all = try Golden.json("expected/special_functions.json").object!.members
    return all.first { $0.key.hasPrefix(prefix) }!.value.object!.members.map { (key: $0.key.split(separator: ",").map { Double($0)! }, value: $0.value) }
      .map { (arguments: $0.key, wanted: $0.value) }
  }

  @Test func `laws and special functions give scipy's numbers`() throws {
    for (x, wanted) in try table("kstwo.sf") {
      expectGolden("kstwo \(x)", wanted, isPValue: true) { KolmogorovLaw.survival(x[0], n: Int(x[1])) }
    }
    for (x, wanted) in try table("chi2.sf") {
      expectGolden("chi2 \(x)", wanted, isPValue: true) { ChiSquaredLaw.survival(x[0], degreesOfFreedom: x[1]) }
    }
    for (x, wanted) in try table("norm.sf") { expectGolden("norm \(x)", wanted) { Normal.survival(x[0]) } }
    for (x, wanted) in try table("norm.ppf") { expectGolden("ppf \(x)", wanted) { Normal.quantile(x[0]) } }
    for (x, wanted) in try table("t.sf") {
      expectGolden("t \(x)", wanted, isPValue: true) { StudentLaw.twoSided(x[0], degreesOfFreedom: x[1]) / 2 }
    }
    for (x, wanted) in try table("gammaln") { expectGolden("gammaln \(x)", wanted) { Gamma.log(x[0]) } }
    for (x, wanted) in try table("betainc") { expectGolden("betainc \(x)", wanted, isPValue: true) { Beta.regularized(x[0], x[1], x: x[2]) } }
    for (x, wanted) in try table("gammaincc") { expectGolden("gammaincc \(x)", wanted, isPValue: true) { Gamma.upperRegularized(x[0], x[1]) } }
    for (x, wanted) in try table("kv(1/4") { expectGolden("kv \(x)", wanted) { Bessel.scaledByDecay(0.25, x[0]) * exp(x[0]) } }
  }

}
