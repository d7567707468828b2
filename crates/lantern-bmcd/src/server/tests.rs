use std::fs;

use ipmi_bmc::Origin;
use ipmi_bmc::serial::SerialPolicy;
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::cmd::app::{GetDeviceId, GetSelfTestResults};
use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};
use ipmi_wire::cmd::storage::{AddSelEntry, GetSdrRepositoryInfo, GetSelInfo};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Command, CompletionCode, Decode, Reader, Request};

use super::*;
use crate::config::{SerialConfig, SerialSource};
use crate::personality::reference::reference;
use crate::store::faults::Script;

pub(super) const FULL: i32 = 28;
/// Soon enough for a test.
const SOON: Duration = Duration::from_millis(20);

pub(super) fn config() -> Config {
    let text = "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\nsessions = 63\n\
                [[user]]\nid = 2\nname = \"admin\"\npassword = \"pw\"\n\
                privilege = \"administrator\"\n";
    Config::parse(text, Path::new("bmc.toml")).unwrap()
}

fn ask<C: Command>(bmc: &mut Bmc, command: &C) -> C::Response {
    let request = Request::of(command);
    let response = bmc.handle_request(Instant::now(), Origin::SystemInterface, &request);
    assert!(response.completion.is_ok(), "{:?}", response.completion);
    command.decode_response(&mut Reader::new(&response.data)).unwrap()
}

/// An event from system software, after IPMI v2.0 Table 32-1: a fan is slow.
pub(super) fn event() -> AddSelEntry {
    let bytes = [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 4, 0x30, 1, 2, 0xff, 0xff];
    AddSelEntry { record: SelRecord::decode_exact(&bytes).unwrap() }
}

pub(super) fn console(endpoint: &Endpoint, server: &Server) -> ipmi_client::Bmc {
    let mut credentials = Credentials::new(b"admin", b"pw").unwrap();
    // What hangs here hangs for a reason.
    credentials.timing.deadline = Duration::from_secs(60);
    ipmi_client::Bmc::new(endpoint, server.addresses()[0], credentials)
}

/// A server whose store runs on `script`.
pub(super) fn troubled(directory: &Path, script: &Arc<Script>) -> Server {
    let store = Store::open_on(directory, script.connect()).unwrap();
    Server::start_with(&config(), Some(store), None, SOON).unwrap()
}

/// Sends junk to `server` until `done`, or for five seconds.
async fn junk_until(server: &Server, mut done: impl FnMut() -> bool) -> bool {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..2500 {
        if done() {
            return true;
        }
        socket.send_to(b"junk", server.addresses()[0]).unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    false
}

#[tokio::test]
async fn traffic_does_not_hold_up_a_power_cycle() {
    let mut server = Server::start(&config(), None).unwrap();
    ask(&mut server.shared.bmc(), &ChassisControl { action: PowerAction::Cycle });
    server.shared.changed.notify_one();
    assert!(!server.shared.bmc().is_on());
    let shared = Arc::clone(&server.shared);
    assert!(junk_until(&server, || shared.bmc().is_on()).await);
    // Nothing of it has failed meanwhile.
    let failed = tokio::time::timeout(Duration::ZERO, server.failed()).await;
    assert!(failed.is_err(), "{failed:?}");
}

#[tokio::test]
async fn quirks_are_put_on_and_off_while_it_runs() {
    let started = Config { quirks: Quirks::NONE.with(Quirk::SilentClose), ..config() };
    let server = Server::start(&started, None).unwrap();
    assert_eq!(server.quirks(), started.quirks);
    let endpoint = Endpoint::bind().unwrap();
    let console = console(&endpoint, &server);
    assert!(console.connect().await.unwrap().noticed.is_empty());
    for quirks in [Quirks::NONE.with(Quirk::SeqByTwo), Quirks::NONE] {
        server.set_quirks(quirks);
        assert_eq!(server.quirks(), quirks);
        // Sessions that are open go on.
        for _ in 0..8 {
            console.send(&GetDeviceId).await.unwrap();
        }
    }
    assert_eq!(console.connect().await.unwrap().noticed, Quirks::NONE.with(Quirk::SeqByTwo));
}

#[tokio::test]
async fn a_part_that_fails_is_reported() {
    let mut server = Server::start(&config(), None).unwrap();
    server.tasks.spawn(async { panic!("part of the test") });
    assert!(server.failed().await.to_string().contains("panic"));
}

#[tokio::test]
async fn the_state_directory_is_free_as_soon_as_the_server_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::start(&config(), Some(directory.path()));
    for _ in 0..5 {
        let server = start().unwrap();
        assert!(matches!(start(), Err(StartError::State(StoreError::InUse { .. }))));
        drop(server);
        start().unwrap().stop().await;
    }
}

/// FreeIPMI and ipmitool keep copies of the repository, and go by this whether they are good.
#[tokio::test]
async fn after_a_restart_sdrs_and_log_are_as_old_as_before() {
    let directory = tempfile::tempdir().unwrap();
    let look = |server: &Server| {
        let mut bmc = server.shared.bmc();
        let sdrs = ask(&mut bmc, &GetSdrRepositoryInfo);
        let log = ask(&mut bmc, &GetSelInfo);
        (sdrs, log, bmc.guid(), bmc.sel().records().cloned().collect::<Vec<_>>())
    };
    let first = Server::start(&config(), Some(directory.path())).unwrap();
    let before = look(&first);
    first.stop().await;
    let second = Server::start(&config(), Some(directory.path())).unwrap();
    assert_eq!(look(&second), before);
    assert!(before.3.len() > 1);
    // Records that are old when the log begins, whatever the clock says.
    assert_eq!(reference(1).sdrs_built, before.0.last_addition);
}

#[tokio::test]
async fn many_changes_cost_few_syncs_and_hold_up_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let endpoint = Endpoint::bind().unwrap();
    let consoles: Vec<_> = (0..50).map(|_| console(&endpoint, &server)).collect();
    let other = console(&endpoint, &server);
    for console in consoles.iter().chain([&other]) {
        console.connect().await.unwrap();
    }
    let before = script.syncs();
    let _holding = script.hold_syncs();
    let mut adding = JoinSet::new();
    for console in consoles.clone() {
        adding.spawn(async move { console.send(&event()).await.unwrap().0 });
    }
    // All of them are in the log, and the disk hangs. Whoever only asks is answered.
    let shared = Arc::clone(&server.shared);
    let logged = || shared.bmc().sel().records().len();
    let all = logged() + 50;
    while logged() < all {
        other.send(&GetDeviceId).await.unwrap();
        tokio::task::yield_now().await;
    }
    other.send(&GetDeviceId).await.unwrap();
    assert!(adding.try_join_next().is_none());
    // The committer comes to it when it gets its turn.
    while script.syncs() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // One hangs; before it, the machine may have had its say.
    assert!((1..=2).contains(&(script.syncs() - before)), "{} syncs", script.syncs() - before);
    script.allow_syncs(usize::MAX);
    let mut ids: Vec<_> = adding.join_all().await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 50);
    // The one that hung, one for all that had come meanwhile; and the machine may have had its say.
    assert!(script.syncs() <= before + 5, "{} syncs", script.syncs() - before);
    server.stop().await;
    let kept = Store::open(directory.path()).unwrap().memory().unwrap();
    assert_eq!(kept.log.unwrap().records.len(), all);
}

#[tokio::test]
async fn what_waits_is_kept_and_told_when_the_server_stops() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let endpoint = Endpoint::bind().unwrap();
    let console = console(&endpoint, &server);
    console.connect().await.unwrap();
    let _holding = script.hold_syncs();
    let adding = tokio::spawn(async move { console.send(&event()).await });
    let before = script.syncs();
    while script.syncs() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let stopping = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!stopping.is_finished() && !adding.is_finished());
    script.allow_syncs(usize::MAX);
    adding.await.unwrap().unwrap();
    stopping.await.unwrap();
    assert!(Store::open(directory.path()).is_ok());
}

#[tokio::test]
async fn a_disk_that_fails_is_told_and_heals() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let endpoint = Endpoint::bind().unwrap();
    let console = console(&endpoint, &server);
    let refusal = async |command: &AddSelEntry| {
        console.send(command).await.map_err(|error| error.completion().unwrap())
    };
    let healthy = console.send(&GetSelfTestResults).await.unwrap();
    let before = console.send(&GetSelInfo).await.unwrap().entries;
    script.fail_from_now_on(FULL);
    assert_eq!(refusal(&event()).await, Err(CompletionCode::OUT_OF_SPACE));
    assert_eq!(refusal(&event()).await, Err(CompletionCode::OUT_OF_SPACE));
    assert_ne!(console.send(&GetSelfTestResults).await.unwrap(), healthy);
    // The machine is switched all the same, and nothing else suffers.
    console.power(PowerAction::Off).await.unwrap();
    assert!(!console.send(&GetChassisStatus).await.unwrap().power_on);
    script.fail_from_now_on(5);
    tokio::time::sleep(SOON * 2).await;
    assert_eq!(refusal(&event()).await, Err(CompletionCode::UNSPECIFIED));
    script.heal();
    // By itself, without anybody's asking.
    for _ in 0..2500 {
        if console.send(&GetSelfTestResults).await.unwrap() == healthy {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(console.send(&GetSelfTestResults).await.unwrap(), healthy);
    refusal(&event()).await.unwrap();
    let logged = server.shared.bmc().sel().records().len();
    assert!(logged >= usize::from(before) + 4, "{logged}");
    drop(server);
    let memory = Store::open(directory.path()).unwrap().memory().unwrap();
    assert_eq!(memory.log.unwrap().records.len(), logged);
    assert_eq!(memory.power_on, Some(false));
}

#[tokio::test]
async fn a_disk_that_is_full_at_the_start_is_a_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    script.fail_from_now_on(FULL);
    let error = Store::open_on(directory.path(), script.connect()).map(drop).unwrap_err();
    assert!(error.to_string().contains("No space left on device"), "{error}");
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn what_keeps_the_changes_is_missed_when_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(&config(), Some(directory.path())).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let console = console(&endpoint, &server);
    console.send(&event()).await.unwrap();
    let committer = server.shared.committer.as_ref().unwrap();
    committer.submit(Vec::new(), Some(Box::new(|_| panic!("part of the test"))));
    assert!(server.failed().await.to_string().contains("keeps its changes"));
    // Until it is stopped, it acknowledges nothing that it does not keep.
    let refused = console.send(&event()).await.unwrap_err();
    assert_eq!(refused.completion(), Some(CompletionCode::UNSPECIFIED));
    server.stop().await;
}

#[tokio::test]
async fn no_more_wait_for_a_disk_that_hangs_than_there_is_room_for() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let committer = server.shared.committer.as_ref().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ticket = || -> Ticket {
        let told = Arc::clone(&told);
        Box::new(move |outcome| told.lock().unwrap().push(outcome))
    };
    let _holding = script.hold_syncs();
    let before = script.syncs();
    ask(&mut server.shared.bmc(), &event());
    server.shared.submit(&mut server.shared.bmc(), None);
    while script.syncs() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..5000 {
        committer.submit(Vec::new(), Some(ticket()));
    }
    let refused = told.lock().unwrap().clone();
    assert!((1..5000).contains(&refused.len()), "{}", refused.len());
    assert!(refused.iter().all(|outcome| *outcome == Err(Unkept::Failed)));
    script.allow_syncs(usize::MAX);
    server.stop().await;
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 5000);
    assert!(told[refused.len()..].iter().all(Result::is_ok));
}

#[tokio::test]
async fn what_the_system_said_is_there_after_a_restart_and_shown_to_who_comes() {
    use ipmi_client::sol::{Heard, Options};
    use tokio::io::AsyncWriteExt;

    let directory = tempfile::tempdir().unwrap();
    let (state, socket) = (directory.path().join("state"), directory.path().join("console"));
    let mut config = config();
    config.serial = Some(SerialConfig {
        source: SerialSource::UnixListen(socket.clone()),
        policy: SerialPolicy::default(),
    });
    let say = async |words: &[u8]| {
        let mut system = tokio::net::UnixStream::connect(&socket).await.unwrap();
        system.write_all(words).await.unwrap();
        system
    };
    let endpoint = Endpoint::bind().unwrap();
    let hear = async |server: &Server, until: &[u8]| {
        let mut console = console(&endpoint, server).console(Options::default()).await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(until) {
            match tokio::time::timeout(Duration::from_secs(10), console.next()).await {
                Ok(Heard::Characters(characters)) => heard.extend(characters),
                Ok(Heard::Ended(ended)) => panic!("{ended:?} after {heard:?}"),
                Ok(_) => {}
                Err(_) => panic!("nothing more than {heard:?}"),
            }
        }
        console.deactivate().await.unwrap();
        String::from_utf8(heard).unwrap()
    };
    let server = Server::start(&config, Some(&state)).unwrap();
    let _system = say(b"seen.\n").await;
    assert_eq!(hear(&server, b"seen.\n").await, "seen.\n");
    let _system = say(b"kernel panic.\n").await;
    while server.with_bmc(|bmc| bmc.serial_tail(Instant::now(), 5)) != Some(b"nic.\n".to_vec()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Dropped, as nobody stops it in good order.
    drop(server);
    let server = Server::start(&config, Some(&state)).unwrap();
    let _system = say(b"booting.\n").await;
    assert_eq!(hear(&server, b"booting.\n").await, "kernel panic.\nbooting.\n");
    let again = server.with_bmc(|bmc| bmc.serial_tail(Instant::now(), 99)).unwrap();
    assert_eq!(again, b"seen.\nkernel panic.\nbooting.\n");
}
