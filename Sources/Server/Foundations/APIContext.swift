internal import Foundation
internal import Hummingbird
internal import NIOCore
internal import Values

/// What is known of a request beside itself.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The address from which it came; that of a proxy, where one stands in between.
  let remote: String
  /// Names the request in its answer and in the log.
  let requestID = UUID().lowercased

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remote = source.channel.remoteAddress?.ipAddress ?? "local"
  }
}
