internal import CLinux
internal import Glibc

/// A command started in a session of its own, which the kernel kills when the thread that started it ends.
enum Spawned {
  case running(pid_t)
  case failed(String)

  /// Standard input is `/dev/null`; standard output and error are this process's. Signals and their mask are as in a fresh process.
  ///
  /// `posix_spawn` cannot set the parent-death signal, hence `fork`: the child does nothing but system calls on what was made ready before.
  init(_ command: [String], directory: String?) {
    let arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let folder = directory.map { strdup($0) }
    defer { free(folder ?? nil) }
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    var failure: [Int32] = [-1, -1]
    guard nothing >= 0, socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &failure) == 0 else {
      self = .failed("no file descriptors: \(String(cString: strerror(errno)))")
      return
    }
    defer { close(nothing) }
    let (failureRead, failureWrite) = (failure[0], failure[1])
    let parent = getpid()
    let defaultAction = SIG_DFL
    var noSignals = sigset_t()
    sigemptyset(&noSignals)

    let process = arguments.withUnsafeBufferPointer { argv in
      let process = fork()
      guard process == 0 else { return process }
      setsid()
      kedge_die_with_parent(SIGKILL)
      // The parent may have died before the line above.
      if getppid() != parent { _exit(127) }
      for number: Int32 in 1...64 { signal(number, defaultAction) }
      pthread_sigmask(SIG_SETMASK, &noSignals, nil)
      dup2(nothing, STDIN_FILENO)
      var step: Int32 = 0
      if folder == nil || chdir(folder!!) == 0, let program = argv[0] {
        step = 1
        execvp(program, argv.baseAddress!)
      }
      var problem: (Int32, Int32) = (step, errno)
      _ = write(failureWrite, &problem, 8)
      _exit(127)
    }
    close(failureWrite)
    defer { close(failureRead) }
    guard process > 0 else {
      self = .failed("no process: \(String(cString: strerror(errno)))")
      return
    }
    var problem: (step: Int32, code: Int32) = (0, 0)
    var count = 0
    // It closes when the program is running, or when the child is gone.
    repeat { count = read(failureRead, &problem, 8) } while count < 0 && errno == EINTR
    guard count == 8 else {
      self = .running(process)
      return
    }
    waitpid(process, nil, 0)
    let why = String(cString: strerror(problem.code))
    self = .failed(problem.step == 0 ? "the directory \(directory ?? "."): \(why)" : "\(command[0]): \(why)\(Spawned.advice(command[0], problem.code))")
  }

  private static func advice(_ program: String, _ code: Int32) -> String {
    switch code {
    case ENOENT where program.contains("/"): "; check the path, which counts from the command's directory"
    case ENOENT: "; install it, or put its directory on the worker's PATH"
    case EACCES: "; make it executable"
    case ENOEXEC: "; it has no interpreter line, so name the interpreter"
    default: ""
    }
  }
}
