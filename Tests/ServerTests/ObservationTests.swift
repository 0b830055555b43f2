import Foundation
import Lifecycle
import PostgreSQL
import Server
import TestSupport
import Testing
import Values

@Suite struct ObservationTests {
  private static let rows = """
    {"id": "a", "at": "2026-11-23T01:00:00Z", "x": 1.5, "predicted": "yes"}
    {"id": 7, "x": 2, "predicted": "no"}

    """

  private static func declared(_ served: Served) async throws -> String {
    try await served.append([.modelRegistered(ModelSpecification(name: "churn", task: .classification))], "model/churn")
    return try await served.token(.operator, "app")
  }

  @Test func `predictions are taken once an id, and a label may be corrected`() async throws {
    try await Served.with { served in
      let token = try await Self.declared(served)
      let first = try await served.post("/v1/predictions?model=churn", Self.rows, token: token)
      #expect(first.status == 201)
      #expect(try first.json == ["received": 2, "new": 2, "known": 0])
      let again = try await served.post("/v1/predictions?model=churn", Self.rows + "{\"id\": \"b\", \"x\": 3}", token: token)
      #expect(try again.json == ["received": 3, "new": 1, "known": 2])
      #expect(try await served.post("/v1/predictions?model=churn", Self.rows, token: token).status == 200)
      for label in ["yes", "yes", "no"] { _ = try await served.post("/v1/labels?model=churn", "{\"id\": \"a\", \"churned\": \"\(label)\"}", token: token) }
      let found = try await served.database.client.query(
        "select kind || ' ' || id || ' ' || (content ->> 'churned' is not null) from kedge.observation order by number", as: String.self)
      #expect(found == ["prediction a false", "prediction 7 false", "prediction b false", "label a true", "label a true"])
      let at = try await served.database.client.query("select at from kedge.observation where id = 'a' and kind = 'prediction'", as: Timestamp.self)
      #expect(at == [Timestamp("2026-11-23T01:00:00Z")!])
    }
  }

  @Test func `what is wrong is refused with its line, and nothing of it is taken`() async throws {
    try await Served.with { served in
      let token = try await Self.declared(served)
      let good = "{\"id\": \"a\", \"x\": 1}\n"
      for (path, body, status, detail) in [
        ("/v1/predictions", good, 400, "model is missing"),
        ("/v1/predictions?model=none", good, 404, "there is no model none"),
        ("/v1/predictions?model=churn", "", 422, "no rows"),
        ("/v1/predictions?model=churn", good + "{", 400, "line 2: it is no JSON"),
        ("/v1/predictions?model=churn", good + "[1]", 422, "line 2: expected an object"),
        ("/v1/predictions?model=churn", good + "{\"x\": 1}", 422, "line 2: id: expected a text or a whole number"),
        ("/v1/predictions?model=churn", good + "{\"id\": \"b\"}", 422, "line 2: there is nothing beside its id"),
        ("/v1/predictions?model=churn", good + "{\"id\": \"b\", \"x\": 1, \"at\": \"soon\"}", 422, "line 2: at: expected a time"),
      ] {
        let answer = try await served.post(path, body, token: token)
        #expect(answer.status == status, "\(answer.text)")
        #expect(try answer.json["detail"]?.string?.hasPrefix(detail) == true, "\(answer.text)")
      }
      #expect(try await served.post("/v1/predictions?model=churn", good, token: try await served.token(.viewer)).status == 403)
      #expect(try await served.get("/v1/labels", token: token).status == 405)
      #expect(try await served.database.client.query("select count(*) from kedge.observation", as: Int.self) == [0])
    }
  }
}
