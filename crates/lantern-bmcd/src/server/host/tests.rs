use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_client::Endpoint;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::storage::GetSelInfo;
use ipmi_wire::{Command, CompletionCode, Decode, Request, Response};
use tokio::time::timeout;

use super::super::Server;
use super::super::tests::{FULL, config, console, event, troubled};
use crate::store::faults::Script;
use crate::system_interface::{Desk, Host};

/// Software on the host of this BMC.
fn desk(server: &Server) -> Desk {
    let lines = server.shared.attention.subscribe();
    Desk::new(Arc::clone(&server.shared) as Arc<dyn Host>, lines)
}

async fn ask(desk: &Desk, command: &impl Command) -> Response {
    desk.ask(Request::of(command)).await
}

#[tokio::test]
async fn what_a_host_is_told_is_durable_and_nobody_waits_for_it_but_the_host() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let desk = desk(&server);
    let holding = script.hold_syncs();
    let added = desk.ask(Request::of(&event()));
    tokio::pin!(added);
    let waits = timeout(Duration::from_millis(200), &mut added).await;
    assert!(waits.is_err(), "{waits:?}");
    // Whoever asks, sees it already.
    let endpoint = Endpoint::bind().unwrap();
    let console = console(&endpoint, &server);
    assert!(console.send(&GetDeviceId).await.is_ok());
    let log = ask(&desk, &GetSelInfo).await;
    let log = <GetSelInfo as Command>::Response::decode_exact(&log.data).unwrap();
    drop(holding);
    assert_eq!(added.await.completion, CompletionCode::OK);
    server.stop().await;
    let again = Server::start(&config(), Some(directory.path())).unwrap();
    assert_eq!(again.with_bmc(|bmc| bmc.sel().records().len()), usize::from(log.entries));
}

#[tokio::test]
async fn a_disk_that_hangs_keeps_a_host_for_less_than_four_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let desk = desk(&server);
    let holding = script.hold_syncs();
    let start = Instant::now();
    assert_eq!(ask(&desk, &event()).await.completion, CompletionCode::TIMEOUT);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // What changes nothing is answered.
    assert_eq!(ask(&desk, &GetDeviceId).await.completion, CompletionCode::OK);
    drop(holding);
    // What was given up is settled all the same, and the next one is answered.
    assert_eq!(ask(&desk, &event()).await.completion, CompletionCode::OK);
}

#[tokio::test]
async fn what_nobody_can_keep_is_not_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new();
    let server = troubled(directory.path(), &script);
    let desk = desk(&server);
    script.fail_from_now_on(FULL);
    assert_eq!(ask(&desk, &event()).await.completion, CompletionCode::OUT_OF_SPACE);
    script.heal();
    let start = Instant::now();
    while ask(&desk, &event()).await.completion != CompletionCode::OK {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not heal");
    }
    // A BMC that forgets has nothing to wait for.
    let server = Server::start(&config(), None).unwrap();
    assert_eq!(ask(&self::desk(&server), &event()).await.completion, CompletionCode::OK);
}
