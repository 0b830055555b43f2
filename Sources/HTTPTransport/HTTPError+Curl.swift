internal import CLibCurl

extension HTTPError.Kind {
  /// The kind that one of libcurl's codes stands for.
  /// - Parameters:
  ///   - connected: whether the connection, with its TLS handshake, had come about.
  ///   - answered: whether a status line had arrived.
  init(_ code: CURLcode, connected: Bool, answered: Bool) {
    self =
      switch code {
      // "Received HTTP/0.9": something answered, and not in HTTP.
      case CURLE_UNSUPPORTED_PROTOCOL where connected && !answered: .malformedResponse
      case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_BAD_FUNCTION_ARGUMENT,
        CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CIPHER, CURLE_SSL_CRL_BADFILE:
        .invalidRequest
      case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
      case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_NO_CONNECTION_AVAILABLE: .couldNotConnect
      case CURLE_OPERATION_TIMEDOUT: connected ? .timedOut : .timedOutConnecting
      case CURLE_SSL_CONNECT_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_SHUTDOWN_FAILED: .tlsFailed
      case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
        .certificateRejected
      case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM: .malformedResponse
      case CURLE_TOO_MANY_REDIRECTS: .tooManyRedirects
      case CURLE_WRITE_ERROR, CURLE_FILESIZE_EXCEEDED: .responseTooLarge
      default: .connectionLost
      }
  }
}
