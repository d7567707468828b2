//! Real sockets: who may, how much, and what becomes of those who do not behave.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use ipmi_bmc::Origin;
use ipmi_bmc::feed::News;
use ipmi_wire::cmd::app::{
    PreTimeoutInterrupt, ResetWatchdogTimer, SelfTest, SetWatchdogTimer, TimeoutAction, TimerUse,
    WatchdogSettings,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::client::{Client, ClientError};
use super::protocol::{FaultSet, MAX_LINE, Nothing, OfSensor, Operation, SensorName, SensorSet};
use super::reply::{Event, EventKind, Faults, Following, OnOff, Sensors, Status};
use super::*;
use crate::{Config, Server};

fn config(path: &Path) -> Config {
    let text = "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n";
    let config = Config::parse(text, Path::new("bmc.toml")).unwrap();
    Config { control: Some(path.to_owned()), ..config }
}

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control");
    (directory, path)
}

/// A socket with no BMC behind it, with these bounds.
fn bare(path: &Path, bounds: Bounds) -> (JoinSet<&'static str>, Arc<Hub>) {
    let hub = Arc::new(Hub::default());
    let mut tasks = JoinSet::new();
    let router = Arc::new(Router::new([], Arc::clone(&hub)));
    tasks.spawn(Control::bind(path).unwrap().run(router, bounds));
    (tasks, hub)
}

struct Raw(BufReader<UnixStream>);

impl Raw {
    async fn connect(path: &Path) -> Self {
        Self(BufReader::new(UnixStream::connect(path).await.unwrap()))
    }

    async fn say(&mut self, text: &[u8]) {
        self.0.get_mut().write_all(text).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"))
    }

    async fn code(&mut self) -> Value {
        self.hear().await["error"]["code"].clone()
    }

    async fn ends(&mut self) -> bool {
        self.0.read_to_end(&mut Vec::new()).await.is_ok_and(|read| read == 0)
    }
}

#[tokio::test]
async fn a_line_that_makes_no_sense_ends_nothing() {
    let (_directory, path) = directory();
    let server = Server::start(&config(&path), None).unwrap();
    let mut raw = Raw::connect(&path).await;
    raw.say(b"\n\xff\xfe\n{}\n").await;
    for code in ["malformed", "malformed", "bad_request"] {
        assert_eq!(raw.code().await, code);
    }
    // As long as may be, and one more.
    let line = |length: usize| [&b"x".repeat(length - 1)[..], b"\n"].concat();
    raw.say(&line(MAX_LINE)).await;
    assert_eq!(raw.code().await, "malformed");
    raw.say(&line(MAX_LINE + 1)).await;
    assert_eq!(raw.code().await, "too_long");
    raw.say(b"{\"do\":\"status\",\"id\":\"x\"}\n").await;
    let status = raw.hear().await;
    assert_eq!((&status["id"], &status["ok"]), (&json!("x"), &json!(true)));
    // A last line may lack its end.
    raw.say(b"{\"do\":\"bmc.list\"}").await;
    raw.0.get_mut().shutdown().await.unwrap();
    assert_eq!(raw.hear().await["result"]["bmcs"][0]["name"], "t");
    assert!(raw.ends().await);
    server.stop().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_goes_with_its_bmc_and_is_not_taken_from_it() {
    let (_directory, path) = directory();
    let first = Server::start(&config(&path), None).unwrap();
    assert_eq!(first.control(), Some(&*path));
    let second = Server::start(&config(&path), None);
    assert!(matches!(
        second,
        Err(crate::StartError::Control(ControlError { why: Why::InUse, .. }))
    ));
    drop(first);
    // Its task is on its way out.
    while path.exists() {
        tokio::task::yield_now().await;
    }
    Server::start(&config(&path), None).unwrap().stop().await;
}

/// Waits until somebody finds a place.
async fn answered(path: &Path) {
    loop {
        let mut raw = Raw::connect(path).await;
        let written = raw.0.get_mut().write_all(b"{\"do\":\"status\"}\n").await;
        if written.is_ok() && raw.code().await == "which_bmc" {
            return;
        }
    }
}

#[tokio::test]
async fn so_many_and_no_more() {
    let (_directory, path) = directory();
    let (_tasks, _hub) = bare(&path, Bounds { connections: 2, ..Bounds::default() });
    let mut held = [Raw::connect(&path).await, Raw::connect(&path).await];
    for raw in &mut held {
        raw.say(b"{\"do\":\"status\"}\n").await;
        assert_eq!(raw.code().await, "which_bmc");
    }
    let mut third = Raw::connect(&path).await;
    assert_eq!(third.code().await, "busy");
    assert!(third.ends().await);
    let [first, _second] = held;
    drop(first);
    // Its place is free once the end was seen.
    answered(&path).await;
}

#[tokio::test]
async fn another_user_is_refused_whatever_the_mode_says() {
    let (_directory, path) = directory();
    let stranger = rustix::process::geteuid().as_raw() + 1;
    let (_tasks, _hub) = bare(&path, Bounds { owner: stranger, ..Bounds::default() });
    let mut raw = Raw::connect(&path).await;
    assert_eq!(raw.code().await, "forbidden");
    assert!(raw.ends().await);
    let mut client = Client::connect(&path).await.unwrap();
    let status = client.ask::<Status>(None, Operation::Status(Nothing {})).await;
    let Err(ClientError::Refused(refusal)) = status else { panic!("{status:?}") };
    assert_eq!(refusal.code, Code::Forbidden);
}

/// Where the process that is another user's connects to.
const STRANGERS_SOCKET: &str = "LANTERN_TEST_STRANGERS_SOCKET";

/// The same by the system's own means. It takes a second user, which only root can become.
#[tokio::test]
async fn a_process_of_another_user_is_refused() {
    if let Some(path) = std::env::var_os(STRANGERS_SOCKET) {
        // This is that process.
        match UnixStream::connect(path).await {
            Ok(stream) => println!("told {}", Raw(BufReader::new(stream)).hear().await),
            Err(error) => println!("told {:?}", error.kind()),
        }
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: only root can be another user; the test above exchanges the users");
        return;
    }
    let (directory, path) = directory();
    let (_tasks, _hub) = bare(&path, Bounds::default());
    // So that it is the socket that refuses.
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("stranger");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let nobody = async || {
        let mut command = Command::new(&program);
        command.args(["--exact", "--nocapture"]);
        command.arg("control::tests::a_process_of_another_user_is_refused");
        command.env(STRANGERS_SOCKET, &path).current_dir("/").uid(65534).gid(65534);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = nobody().await;
    assert!(told.contains("told PermissionDenied"), "{told}");
    // Let the mode be wrong: who it is counts all the same.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let told = nobody().await;
    assert!(told.contains("\"forbidden\""), "{told}");
}

#[tokio::test]
async fn who_does_not_read_is_dropped_and_holds_up_nobody() {
    let (_directory, path) = directory();
    let patience = Duration::from_millis(20);
    let (_tasks, hub) = bare(&path, Bounds { connections: 1, patience, ..Bounds::default() });
    let mut deaf = Raw::connect(&path).await;
    deaf.say(b"{\"do\":\"follow\"}\n").await;
    assert_eq!(deaf.hear().await["ok"], true);
    // More than any buffer between the two holds, in pieces that the hub does.
    for _ in 0..100 {
        for _ in 0..100 {
            hub.tell_control("t", &"x".repeat(1000));
        }
        tokio::task::yield_now().await;
    }
    // Its place is free in the end, and it has not been sent ten megabytes.
    answered(&path).await;
    let mut rest = Vec::new();
    deaf.0.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() < 5_000_000, "{}", rest.len());
}

#[tokio::test]
async fn who_is_too_far_behind_is_told_so() {
    let (_directory, path) = directory();
    let (_tasks, hub) = bare(&path, Bounds::default());
    let mut raw = Raw::connect(&path).await;
    raw.say(b"{\"do\":\"follow\"}\n").await;
    assert_eq!(raw.hear().await["ok"], true);
    // All at once: the connection's task has no turn between.
    for _ in 0..1100 {
        hub.tell_control("t", "x");
    }
    assert_eq!(raw.code().await, "busy");
    assert!(raw.ends().await);
}

#[tokio::test]
async fn what_is_set_is_kept_before_it_is_acknowledged() {
    let (directory, path) = directory();
    let state = directory.path().join("state");
    let server = Server::start(&config(&path), Some(&state)).unwrap();
    let mut client = Client::connect(&path).await.unwrap();
    let set = |value| {
        Operation::SensorSet(SensorSet {
            sensor: SensorName::Name("CPU1 Temp".into()),
            value: Some(value),
            states: None,
            unavailable: false,
        })
    };
    let Sensors { sensors } = client.ask(None, set(96.0)).await.unwrap();
    assert_eq!(sensors[0].state_texts, ["Upper Non-critical", "Upper Critical"]);
    // What anybody reads from the store now has its events.
    let found = crate::nvram::inspect(&state).unwrap().unwrap();
    let log = found.memory.log.unwrap();
    let of_it = log.records.values().filter(|record| {
        matches!(record, ipmi_wire::sel::SelRecord::System { sensor_number: 1, .. })
    });
    assert!(of_it.count() >= 2);
    // Who only looks needs no disk.
    let get = OfSensor { sensor: SensorName::Number(1) };
    let Sensors { sensors } = client.ask(Some("t"), Operation::SensorGet(get)).await.unwrap();
    assert_eq!((sensors[0].value, sensors[0].overridden), (Some(96.0), true));
    server.stop().await;
}

#[tokio::test]
async fn a_follower_hears_what_happens_and_the_bmc_stops_telling_when_it_is_gone() {
    let (_directory, path) = directory();
    let server = Server::start(&config(&path), None).unwrap();
    let mut follower = Client::connect(&path).await.unwrap();
    let mut other = Client::connect(&path).await.unwrap();
    let follow = Operation::Follow(Nothing {});
    let Following { bmcs } = follower.ask(None, follow.clone()).await.unwrap();
    assert_eq!(bmcs, ["t"]);
    let _: Value = other.ask(None, Operation::MainsPull(Nothing {})).await.unwrap();
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let event: Event = follower.event().await.unwrap().unwrap();
        kinds.push(event.event);
    }
    assert_eq!(kinds, [EventKind::Mains, EventKind::Power, EventKind::Control]);
    // Requests are answered on the same connection, between events.
    let status: Status = follower.ask(None, Operation::Status(Nothing {})).await.unwrap();
    assert_eq!(status.mains, reply::OnOff::Off);
    let unknown: Result<Following, _> = other.ask(Some("u"), follow).await;
    assert!(matches!(unknown, Err(ClientError::Refused(Refusal { code: Code::NoSuchBmc, .. }))));
    drop(follower);
    // Once the connection's end was seen, the next thing that happens finds nobody.
    let is_watched = async |other: &mut Client| {
        let _: Value = other.ask(None, Operation::MainsRestore(Nothing {})).await.unwrap();
        server.with_bmc(|bmc| bmc.is_watched())
    };
    while is_watched(&mut other).await {}
    assert_eq!(server.with_bmc(ipmi_bmc::Bmc::take_news), Vec::<News>::new());
    server.stop().await;
}

#[tokio::test]
async fn faults_are_these_and_no_others() {
    let (_directory, path) = directory();
    let server = Server::start(&config(&path), None).unwrap();
    let mut client = Client::connect(&path).await.unwrap();
    let set = |words: &[&str]| {
        let faults = words.iter().map(|word| (*word).to_owned()).collect();
        Operation::FaultSet(FaultSet { faults })
    };
    let on =
        || server.with_bmc(|bmc| bmc.faults().iter().map(ToString::to_string).collect::<Vec<_>>());
    let brought: Faults = client.ask(None, set(&["busy=9", "nofru"])).await.unwrap();
    let brought: Vec<_> = brought.faults.iter().map(|fault| (&*fault.name, fault.amount)).collect();
    assert_eq!(brought, [("busy", Some(9)), ("nofru", None)]);
    assert_eq!(on(), ["busy=9", "nofru"]);
    // What is refused changes nothing.
    for words in [&["delay", "bussy"][..], &["busy", "busy=4"], &["nofru=1"], &["idzero"]] {
        assert!(client.ask::<Faults>(None, set(words)).await.is_err(), "{words:?}");
        assert_eq!(on(), ["busy=9", "nofru"]);
    }
    let all: Faults = client.ask(None, Operation::FaultList(Nothing {})).await.unwrap();
    assert_eq!(all.faults.len(), ipmi_bmc::faults::FaultKind::ALL.len());
    assert_eq!(all.faults.iter().filter(|fault| fault.on).count(), 2);
    let brought: Faults = client.ask(None, set(&["delay"])).await.unwrap();
    assert_eq!((brought.faults[0].amount, on()), (Some(300), vec!["delay=300".to_owned()]));
    let brought: Faults = client.ask(None, set(&[])).await.unwrap();
    assert_eq!((brought.faults, on()), (vec![], vec![]));
    server.stop().await;
}

#[tokio::test]
async fn the_self_test_finds_what_it_is_told_to() {
    let (_directory, path) = directory();
    let server = Server::start(&config(&path), None).unwrap();
    let mut raw = Raw::connect(&path).await;
    for (args, found) in [
        (r#""result":"not_implemented""#, SelfTest::NotImplemented),
        (
            r#""result":"corrupted","flags":["ipmb_lines_fail"]"#,
            SelfTest::Corrupted { flags: 0x10 },
        ),
        (r#""result":"corrupted","flags":129"#, SelfTest::Corrupted { flags: 0x81 }),
        (r#""result":"fatal","code":18"#, SelfTest::Fatal { code: 0x12 }),
        (r#""result":"passed""#, SelfTest::Passed),
    ] {
        raw.say(format!("{{\"do\":\"selftest.set\",{args}}}\n").as_bytes()).await;
        assert_eq!(raw.hear().await["result"]["overridden"], found != SelfTest::Passed, "{args}");
        assert_eq!(server.with_bmc(|bmc| bmc.self_test()), found, "{args}");
    }
    for args in [
        r#""result":"corrupted""#,
        r#""result":"corrupted","flags":1,"code":1"#,
        r#""result":"fatal""#,
        r#""result":"fatal","flags":1"#,
        r#""result":"passed","flags":[]"#,
        r#""result":"not_implemented","code":0"#,
    ] {
        raw.say(format!("{{\"do\":\"selftest.set\",{args}}}\n").as_bytes()).await;
        assert_eq!(raw.code().await, "bad_request", "{args}");
        assert!(!server.with_bmc(|bmc| bmc.is_self_test_set()));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_lease_has_an_address_and_a_mask() {
    let (_directory, path) = directory();
    let server = Server::start(&config(&path), None).unwrap();
    let mut raw = Raw::connect(&path).await;
    for (args, code) in [
        (r#""address":"192.0.2.5","netmask":"255.255.255.0""#, None),
        (r#""address":"0.0.0.0","netmask":"255.255.255.0""#, Some("bad_request")),
        (r#""address":"192.0.2.6","netmask":"255.0.255.0""#, Some("bad_request")),
        (r#""address":"192.0.2","netmask":"255.255.255.0""#, Some("bad_request")),
    ] {
        raw.say(format!("{{\"do\":\"lease.give\",{args}}}\n").as_bytes()).await;
        assert_eq!(raw.code().await.as_str(), code, "{args}");
        let lease = server.with_bmc(|bmc| bmc.lease()).unwrap();
        assert_eq!(lease.address.to_string(), "192.0.2.5");
        assert!(lease.gateway.is_unspecified());
    }
    raw.say(b"{\"do\":\"lease.lose\"}\n").await;
    assert_eq!(raw.hear().await["result"]["address"], Value::Null);
    assert_eq!(server.with_bmc(|bmc| bmc.lease()), None);
    server.stop().await;
}

#[tokio::test]
async fn the_status_tells_of_watchdog_and_of_what_is_wrong() {
    let (_directory, path) = directory();
    let allow = Some(vec!["192.0.2.0/24".parse().unwrap()]);
    let server = Server::start(&Config { allow, ..config(&path) }, None).unwrap();
    let mut client = Client::connect(&path).await.unwrap();
    let ask = Operation::Status(Nothing {});
    let before: Status = client.ask(None, ask.clone()).await.unwrap();
    assert_eq!((before.watchdog, before.watchdog_milliseconds), (OnOff::Off, None));
    let settings = WatchdogSettings {
        timer_use: TimerUse::SmsOs,
        dont_log: true,
        interrupt: PreTimeoutInterrupt::None,
        action: TimeoutAction::None,
        pre_timeout: 0,
        initial: 36_000,
    };
    let set = SetWatchdogTimer { settings, dont_stop: false, clear: 0 };
    server.with_bmc(|bmc| {
        let now = std::time::Instant::now();
        for request in [ipmi_wire::Request::of(&set), ipmi_wire::Request::of(&ResetWatchdogTimer)] {
            let response = bmc.handle_request(now, Origin::SystemInterface, &request);
            assert!(response.completion.is_ok());
        }
    });
    // From a network that is not listened to.
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(b"?", server.addresses()[0]).await.unwrap();
    while server.refused() == 0 {
        tokio::task::yield_now().await;
    }
    let after: Status = client.ask(None, ask).await.unwrap();
    assert_eq!(after.watchdog, OnOff::On);
    // However slow this is: of an hour, not all.
    assert!((1..=3_600_000).contains(&after.watchdog_milliseconds.unwrap()));
    assert_eq!((before.refused_datagrams, after.refused_datagrams), (0, 1));
    assert_eq!(after.locked_out_users, Vec::<String>::new());
    server.stop().await;
}

#[tokio::test]
async fn several_bmcs_are_told_apart_by_name() {
    let (_directory, path) = directory();
    let uncontrolled = Config { control: None, ..config(&path) };
    let servers = ["a", "b"].map(|name| (name, Server::start(&uncontrolled, None).unwrap()));
    let targets = servers.iter().map(|(name, server)| Target {
        name: (*name).to_owned(),
        addresses: server.addresses().to_vec(),
        started: std::time::Instant::now(),
        managed: server.managed(),
    });
    let hub = Arc::new(Hub::default());
    let router = Arc::new(Router::new(targets, hub));
    let mut tasks = JoinSet::new();
    tasks.spawn(Control::bind(&path).unwrap().run(router, Bounds::default()));
    let mut client = Client::connect(&path).await.unwrap();
    let status = Operation::Status(Nothing {});
    let nobody = client.ask::<Status>(None, status.clone()).await;
    assert!(matches!(nobody, Err(ClientError::Refused(Refusal { code: Code::WhichBmc, .. }))));
    let reply::Bmcs { bmcs } = client.ask(None, Operation::BmcList(Nothing {})).await.unwrap();
    assert_eq!(bmcs.iter().map(|bmc| bmc.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // Who follows one hears nothing of the other.
    let mut of_b = Client::connect(&path).await.unwrap();
    let Following { bmcs } = of_b.ask(Some("b"), Operation::Follow(Nothing {})).await.unwrap();
    assert_eq!(bmcs, ["b"]);
    for name in ["a", "b"] {
        let _: Value = client.ask(Some(name), Operation::LidOpen(Nothing {})).await.unwrap();
    }
    let event: Event = of_b.event().await.unwrap().unwrap();
    assert_eq!((event.bmc.as_str(), event.operation.as_deref()), ("b", Some("lid.open")));
    let _: Value = client.ask(Some("a"), Operation::MainsPull(Nothing {})).await.unwrap();
    for (name, mains) in [("a", reply::OnOff::Off), ("b", reply::OnOff::On)] {
        let found: Status = client.ask(Some(name), status.clone()).await.unwrap();
        assert_eq!((found.name.as_str(), found.mains), (name, mains));
    }
}
