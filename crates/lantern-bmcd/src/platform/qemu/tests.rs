//! The task and its QEMU, which is a script here: it listens as a monitor does and does as it is told.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::Mutex;

use ipmi_bmc::platform::PlatformError;

use super::*;
use crate::control::reply::{QemuEndKind, QemuState};

/// What the monitor of a false QEMU does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Monitor {
    /// It answers as it should.
    Good,
    /// It takes connections, and says nothing.
    Silent,
    /// It is something else.
    Garbage,
    /// It never comes to the end of a line.
    Endless,
    /// It greets, and answers no command.
    Deaf,
    /// It has more to say than anybody wants to hear.
    Flood,
    /// It answers until the machine was let go, and then no more.
    Tired,
}

/// A machine whose QEMU is a program that sleeps, with a monitor of ours.
struct Bench {
    directory: tempfile::TempDir,
    platform: QemuPlatform,
    handle: Handle,
    /// What the monitor was told.
    heard: Arc<Mutex<Vec<String>>>,
    woken: Arc<std::sync::atomic::AtomicUsize>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.platform.shared.terminate();
    }
}

const SLEEPS: [&str; 3] = ["/bin/sh", "-c", "exec sleep 600"];

fn bench(monitor: Monitor, command: &[&str]) -> Bench {
    bench_of(monitor, command, None)
}

fn bench_of(monitor: Monitor, command: &[&str], host: Option<Seen>) -> Bench {
    let directory = tempfile::Builder::new().prefix("lq").tempdir().unwrap();
    let config = QemuConfig {
        directory: Some(directory.path().join("q")),
        ..QemuConfig::of(command.iter().map(ToString::to_string).collect())
    };
    let mut qemu = Qemu::open(&config, "t", None).unwrap();
    qemu.host = host;
    let path = qemu.directory.monitor();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = UnixListener::bind(path).unwrap();
    let ear = Arc::clone(&heard);
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let ear = Arc::clone(&ear);
            std::thread::spawn(move || serve(monitor, stream, &ear));
        }
    });
    let woken = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&woken);
    let wake: Wake = Arc::new(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let body = SimPlatform::new(7, Instant::now(), false);
    let (platform, starter) = qemu.machine(body, None, &wake);
    let handle = starter.handle();
    starter.go();
    Bench { directory, platform, handle, heard, woken }
}

fn serve(monitor: Monitor, mut stream: UnixStream, heard: &Mutex<Vec<String>>) {
    match monitor {
        Monitor::Silent => std::thread::sleep(Duration::from_secs(600)),
        Monitor::Garbage => drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")),
        Monitor::Endless => while stream.write_all(&[b'{'; 4096]).is_ok() {},
        Monitor::Good | Monitor::Deaf | Monitor::Flood | Monitor::Tired => {}
    }
    if stream.write_all(b"{\"QMP\": {\"version\": {}}}\r\n").is_err() {
        return;
    }
    if monitor == Monitor::Flood {
        while stream.write_all(b"{\"event\": \"STOP\"}\r\n").is_ok() {}
    }
    let reader = BufReader::new(stream.try_clone().unwrap());
    let mut is_tired = false;
    for line in reader.lines().map_while(Result::ok) {
        let command: serde_json::Value = serde_json::from_str(&line).unwrap();
        let name = command["execute"].as_str().unwrap().to_owned();
        heard.lock().unwrap().push(name.clone());
        is_tired |= monitor == Monitor::Tired && name == "cont";
        if monitor == Monitor::Deaf || (is_tired && name != "cont") {
            continue;
        }
        let value = match &*name {
            "query-status" if monitor == Monitor::Tired => PRELAUNCH,
            "query-status" => r#"{"status": "running", "running": true}"#,
            _ => "{}",
        };
        let answer = format!("{{\"return\": {value}, \"id\": {}}}\r\n", command["id"]);
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

const PRELAUNCH: &str = r#"{"status": "prelaunch", "running": false}"#;

impl Bench {
    fn heard(&self, name: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|heard| *heard == name).count()
    }

    fn power(&mut self, signal: PowerSignal) -> Result<(), PlatformError> {
        let begin = Instant::now();
        let outcome = self.platform.power(begin, signal);
        assert!(begin.elapsed() < Duration::from_millis(500), "{signal:?} waits");
        outcome
    }

    /// What happens next.
    async fn event(&mut self) -> PlatformEvent {
        let mut event = None;
        wait(|| {
            self.platform.advance(Instant::now());
            event = self.platform.poll_event();
            event.is_some()
        })
        .await;
        event.unwrap()
    }

    async fn ended(&self) {
        tokio::time::timeout(Duration::from_secs(20), self.handle.shared.ended()).await.unwrap();
    }
}

async fn wait(mut is: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come");
}

async fn running(bench: &Bench) {
    wait(|| *bench.platform.shared.running().borrow()).await;
}

#[tokio::test]
async fn a_monitor_that_answers_is_asked() {
    let mut bench = bench(Monitor::Good, &SLEEPS);
    bench.power(PowerSignal::On).unwrap();
    wait(|| bench.heard("query-status") > 0).await;
    for (signal, command) in [
        (PowerSignal::SoftShutdown, "system_powerdown"),
        (PowerSignal::DiagnosticInterrupt, "inject-nmi"),
        (PowerSignal::Reset, "system_reset"),
        (PowerSignal::Off, "quit"),
    ] {
        bench.power(signal).unwrap();
        wait(|| bench.heard(command) == 1).await;
    }
    assert!(!bench.platform.is_on());
    // It says that it ends, and does not.
    bench.ended().await;
    assert!(bench.platform.poll_event().is_none());
}

#[test]
fn one_that_has_no_monitor_yet_is_waited_for_but_not_for_long() {
    let directory = tempfile::Builder::new().prefix("lq").tempdir().unwrap();
    let config = QemuConfig {
        directory: Some(directory.path().join("q")),
        ..QemuConfig::of(vec!["/no/such/qemu".to_owned()])
    };
    let open = || Qemu::open(&config, "t", None).unwrap();
    let (log, monitor) = {
        let qemu = open();
        (qemu.directory.log(), qemu.directory.monitor())
    };
    let line = SLEEPS.map(str::to_owned);
    let kill = |number| {
        let number = rustix::process::Pid::from_raw(number).unwrap();
        rustix::process::kill_process(number, rustix::process::Signal::KILL).unwrap();
        rustix::process::waitpid(Some(number), rustix::process::WaitOptions::empty()).unwrap();
    };
    let number = process::Process::start(&line, &log).unwrap();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        UnixListener::bind(monitor).unwrap()
    });
    assert!(open().is_running());
    drop(late.join().unwrap());
    let begin = Instant::now();
    assert!(!open().is_running());
    assert!(begin.elapsed() >= Duration::from_secs(3));
    kill(number);
    let begin = Instant::now();
    assert!(!open().is_running());
    assert!(begin.elapsed() < Duration::from_secs(1));
}

/// In-band `power reset`: the machine that asked for it has read the answer before it is reset.
#[tokio::test]
async fn a_reset_waits_until_the_host_has_read_its_answer_but_not_for_long() {
    let wake: Wake = Arc::new(|| {});
    let (presence, seen) = crate::system_interface::presence(&wake);
    let mut bench = bench_of(Monitor::Good, &SLEEPS, Some(seen));
    bench.power(PowerSignal::On).unwrap();
    wait(|| state(&bench) == QemuState::Running).await;
    for answers in [true, false] {
        let before = bench.heard("system_reset");
        presence.asked();
        bench.power(PowerSignal::Reset).unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(bench.heard("system_reset"), before);
        let asked = Instant::now();
        if answers {
            presence.answered();
        }
        wait(|| bench.heard("system_reset") > before).await;
        assert!(asked.elapsed() >= Duration::from_millis(90), "{:?}", asked.elapsed());
        presence.answered();
    }
}

fn state(bench: &Bench) -> QemuState {
    bench.handle.info().state
}

#[tokio::test]
async fn how_it_is_is_told() {
    let mut bench = bench(Monitor::Good, &SLEEPS);
    let info = bench.handle.info();
    assert_eq!((info.state, info.pid, info.adopted), (QemuState::Off, None, false));
    assert_eq!(info.last_end, None);
    bench.power(PowerSignal::On).unwrap();
    wait(|| state(&bench) == QemuState::Running).await;
    let pid = bench.handle.info().pid.unwrap();
    let stopped = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(stopped, rustix::process::Signal::STOP).unwrap();
    wait(|| state(&bench) == QemuState::Stopped).await;
    bench.power(PowerSignal::Off).unwrap();
    bench.ended().await;
    wait(|| bench.handle.info().last_end.is_some()).await;
    let QemuInfo { state, pid: None, last_end: Some(end), .. } = bench.handle.info() else {
        panic!("{:?}", bench.handle.info());
    };
    assert_eq!((state, end.pid, end.kind), (QemuState::Off, Some(pid), QemuEndKind::Ordered));
    // It says that it ends, and has to be killed.
    assert_eq!(end.says.as_deref(), Some("signal: 9 (SIGKILL)"));
}

#[tokio::test]
async fn one_that_does_not_answer_is_told_of() {
    let mut bench = bench(Monitor::Deaf, &SLEEPS);
    bench.power(PowerSignal::On).unwrap();
    wait(|| state(&bench) == QemuState::Starting).await;
    drop(bench);
    // Nobody wants anything of it, and it is noticed all the same.
    let mut bench = self::bench(Monitor::Tired, &SLEEPS);
    bench.power(PowerSignal::On).unwrap();
    wait(|| state(&bench) == QemuState::Running).await;
    wait(|| state(&bench) == QemuState::Silent).await;
    assert!(bench.platform.is_on() && bench.platform.poll_event().is_none());
    let pid = rustix::process::Pid::from_raw(bench.handle.info().pid.unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(bench.event().await, PlatformEvent::PoweredOff(PowerCause::Fault));
    let end = bench.handle.info().last_end.unwrap();
    assert_eq!(end.kind, QemuEndKind::Failed);
    assert_eq!(end.says.as_deref(), Some("signal: 9 (SIGKILL)"));
}

#[tokio::test]
async fn a_monitor_that_is_none_keeps_nobody_waiting() {
    for monitor in
        [Monitor::Silent, Monitor::Garbage, Monitor::Endless, Monitor::Deaf, Monitor::Flood]
    {
        let mut bench = bench(monitor, &SLEEPS);
        bench.power(PowerSignal::On).unwrap();
        assert!(bench.platform.is_on());
        running(&bench).await;
        // Something else has its turn meanwhile.
        let begin = Instant::now();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(begin.elapsed() < Duration::from_secs(2), "{monitor:?}");
        bench.power(PowerSignal::SoftShutdown).unwrap();
        bench.power(PowerSignal::DiagnosticInterrupt).unwrap();
        bench.power(PowerSignal::Off).unwrap();
        bench.ended().await;
        assert!(!bench.platform.is_on());
        bench.platform.advance(Instant::now());
        assert!(bench.platform.poll_event().is_none(), "{monitor:?}");
    }
}

#[tokio::test]
async fn a_program_that_ends_at_once_is_told_of_once() {
    let mut bench = bench(Monitor::Silent, &["/bin/sh", "-c", "echo no such machine >&2; exit 1"]);
    bench.power(PowerSignal::On).unwrap();
    assert_eq!(bench.event().await, PlatformEvent::StayedOff);
    assert!(!bench.platform.is_on());
    assert!(bench.woken.load(std::sync::atomic::Ordering::Relaxed) > 0);
    let log = bench.directory.path().join("q/qemu.log");
    assert_eq!(process::last_words(&log), "no such machine");
    let end = bench.handle.info().last_end.unwrap();
    assert_eq!((end.kind, &*end.printed), (QemuEndKind::NotStarted, "no such machine"));
    assert_eq!(end.says.as_deref(), Some("exit status: 1"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    bench.platform.advance(Instant::now());
    assert!(bench.platform.poll_event().is_none());
    // What is not there is told likewise.
    let mut bench = self::bench(Monitor::Silent, &["/no/such/qemu"]);
    bench.power(PowerSignal::On).unwrap();
    assert_eq!(bench.event().await, PlatformEvent::StayedOff);
    let end = bench.handle.info().last_end.unwrap();
    assert_eq!((end.kind, end.pid), (QemuEndKind::NotStarted, None));
    assert!(end.says.unwrap().starts_with("/no/such/qemu: No such file"));
}

#[tokio::test]
async fn a_machine_that_is_off_is_not_reset() {
    let mut bench = bench(Monitor::Good, &SLEEPS);
    for signal in [PowerSignal::Reset, PowerSignal::DiagnosticInterrupt] {
        assert_eq!(bench.power(signal), Err(PlatformError::WrongState));
    }
    for signal in [PowerSignal::Off, PowerSignal::SoftShutdown] {
        bench.power(signal).unwrap();
    }
}
