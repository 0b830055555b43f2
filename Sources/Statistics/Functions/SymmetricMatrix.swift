internal import Foundation

/// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.
enum SymmetricMatrix {
  /// Eigenvalues, descending, and for each its unit eigenvector.
  /// - Parameter matrix: rows of equal length; only symmetry is assumed.
  /// - Complexity: O(k³) a sweep, about ten sweeps.
  static func eigen(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
    let k = matrix.count
    var a = matrix
    var v = (0..<k).map { i in (0..<k).map { $0 == i ? 1.0 : 0 } }
    for _ in 0..<100 {
      var off = 0.0
      var on = 0.0
      for i in 0..<k {
        on += a[i][i] * a[i][i]
        for j in (i + 1)..<max(k, i + 1) { off += a[i][j] * a[i][j] }
      }
      if off <= on * 1e-34 || off == 0 { break }
      for p in 0..<k {
        for q in (p + 1)..<max(k, p + 1) where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for i in 0..<k {
            let (x, y) = (a[i][p], a[i][q])
            a[i][p] = c * x - s * y
            a[i][q] = s * x + c * y
          }
          for i in 0..<k {
            let (x, y) = (a[p][i], a[q][i])
            a[p][i] = c * x - s * y
            a[q][i] = s * x + c * y
          }
          for i in 0..<k {
            let (x, y) = (v[i][p], v[i][q])
            v[i][p] = c * x - s * y
            v[i][q] = s * x + c * y
          }
        }
      }
    }
    let order = (0..<k).sorted { a[$0][$0] > a[$1][$1] }
    return (order.map { a[$0][$0] }, order.map { column in (0..<k).map { v[$0][column] } })
  }
}
