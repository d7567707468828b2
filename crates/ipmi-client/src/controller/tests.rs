use ipmi_wire::cmd::app::{
    AcpiDeviceState, AcpiSystemState, GetSystemInfoParameters, GetWatchdogTimer,
    SetSystemInfoParameters, SetWatchdogTimer, SystemInfoParameter, TimeoutAction, TimerUse,
};
use ipmi_wire::{CompletionCode, Response};

use super::*;
use crate::ErrorKind;
use crate::fake::{Machine, code, is, of};

const NAME: u8 = SystemInfoParameter::SYSTEM_NAME;

fn request() -> WatchdogRequest {
    WatchdogRequest {
        timer_use: Some(TimerUse::OsLoad),
        action: Some(TimeoutAction::PowerCycle),
        initial: Some(100),
        log: Some(false),
        ..WatchdogRequest::default()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_named_of_a_watchdog_stays() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    // Nobody has said yet what it is for.
    let error = bmc.set_watchdog(&WatchdogRequest::default()).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::NotPossible(_)), "{error}");
    assert_eq!(machine.count::<SetWatchdogTimer>(), 0);
    let (watchdog, stopped) = bmc.stop_watchdog().await.unwrap();
    assert!(stopped && !watchdog.runs() && machine.count::<SetWatchdogTimer>() == 0);

    let change = bmc.set_watchdog(&request()).await.unwrap();
    assert!(change.dropped().is_empty(), "{change:?}");
    let change = bmc
        .set_watchdog(&WatchdogRequest { initial: Some(200), ..WatchdogRequest::default() })
        .await
        .unwrap();
    let settings = change.now.timer.settings;
    assert_eq!((settings.timer_use, settings.initial), (TimerUse::OsLoad, 200));
    assert!(settings.dont_log && settings.action == TimeoutAction::PowerCycle);

    assert!(bmc.wind_watchdog().await.unwrap().0.runs());
    let going = WatchdogRequest { dont_stop: true, ..request() };
    let change = bmc.set_watchdog(&going).await.unwrap();
    assert!(change.now.runs() && change.dropped().is_empty());
    let (watchdog, stopped) = bmc.stop_watchdog().await.unwrap();
    assert!(stopped && watchdog.timer.settings.timer_use == TimerUse::OsLoad);
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_that_seems_to_run_is_looked_at_twice() {
    let machine = Machine::new();
    machine.world().settings.stuck = true;
    let bmc = machine.bmc();
    let change = bmc.set_watchdog(&request()).await.unwrap();
    assert!(change.now.timer.running && !change.now.runs() && change.dropped().is_empty());
    bmc.wind_watchdog().await.unwrap();
    assert_eq!(bmc.watchdog().await.unwrap().counting, Some(true));
    assert!(bmc.stop_watchdog().await.unwrap().1);
    // ipmi_sim tells no countdown: then it is taken at its word.
    machine.world().settings.left = None;
    let watchdog = bmc.watchdog().await.unwrap();
    assert_eq!((watchdog.counting, watchdog.runs()), (None, true));
}

#[tokio::test]
async fn an_empty_watchdog_is_asked_again() {
    let machine = Machine::new();
    let mut empty = false;
    machine.hook(move |_, request| {
        empty ^= is::<GetWatchdogTimer>(request);
        (empty && is::<GetWatchdogTimer>(request)).then(|| Ok(Response::code(CompletionCode::OK)))
    });
    machine.bmc().set_watchdog(&request()).await.unwrap();
    machine.hook(|_, request| {
        is::<GetWatchdogTimer>(request).then(|| Ok(Response::code(CompletionCode::OK)))
    });
    let error = machine.bmc().watchdog().await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn what_a_watchdog_does_not_keep_is_named() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        is::<SetWatchdogTimer>(request).then(|| {
            let mut request = request.clone();
            // No power cycle, and at most 5 s.
            request.data[1] = 0;
            request.data[4] = request.data[4].min(50);
            Ok(world.answer(&request))
        })
    });
    let change = machine.bmc().set_watchdog(&request()).await.unwrap();
    assert_eq!(change.dropped(), ["action", "timeout"]);
}

#[tokio::test]
async fn texts_of_every_length_and_writing_come_back() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    for text in ["", "a", "fourteen bytes", "fifteen  bytes!", &"x".repeat(255), "Grüße, 東京"]
    {
        let change = bmc.set_system_text(NAME, SystemText::new(text).unwrap()).await.unwrap();
        assert_eq!(change.now.as_ref(), Some(&change.asked), "{text}");
        assert_eq!(bmc.system_text(NAME).await.unwrap().text(), text);
    }
    assert!(SystemText::new(&"x".repeat(256)).is_none());
    let ucs2 = SystemText { encoding: 2, bytes: vec![0x71, 0x67, 0xac, 0x4e] };
    assert_eq!(ucs2.text(), "東京");
    let latin = SystemText { encoding: 0, bytes: vec![0x47, 0xfc] };
    assert_eq!(latin.text(), "Gü");
}

#[tokio::test]
async fn a_text_that_is_refused_or_broken_is_one_line() {
    let machine = Machine::new();
    machine.hook(|_, request| {
        let get = of::<GetSystemInfoParameters>(request)?;
        match get.selector {
            // Bull 510: nothing behind the encoding.
            SystemInfoParameter::OS_NAME => {
                Some(Ok(Response { completion: CompletionCode::OK, data: vec![0x11, 0, 0] }))
            }
            SystemInfoParameter::BMC_URL => Some(Ok(code(0x80))),
            _ => None,
        }
    });
    let all = [NAME, SystemInfoParameter::OS_NAME, SystemInfoParameter::BMC_URL];
    let told = machine.bmc().system_texts(&all).await.unwrap();
    let words: Vec<_> = told
        .texts
        .iter()
        .map(|(_, told)| {
            told.as_ref().map_or_else(|error| error.kind.to_string(), |_| "told".into())
        })
        .collect();
    assert_eq!(words[0], "told");
    assert!(words[1].contains("encoding or length are missing"), "{words:?}");
    assert!(words[2].contains("does not have this parameter (80h)"), "{words:?}");
    // A BMC that refuses all of it says so once.
    machine.hook(|_, request| is::<GetSystemInfoParameters>(request).then(|| Ok(code(0xd4))));
    let error = machine.bmc().system_texts(&all).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn a_text_is_set_without_ceremony_where_there_is_none() {
    let machine = Machine::new();
    machine.world().settings.has_progress = false;
    let text = SystemText::new("web1").unwrap();
    let change = machine.bmc().set_system_text(NAME, text).await.unwrap();
    assert_eq!(change.now, Some(change.asked));
    // Refused in the middle, others are let in again.
    machine.world().settings.has_progress = true;
    machine.hook(|_, request| {
        let set = of::<SetSystemInfoParameters>(request)?;
        (set.parameter.selector() == NAME).then(|| Ok(code(0x82)))
    });
    machine.world().requests.clear();
    let text = SystemText::new("web2").unwrap();
    let error = machine.bmc().set_system_text(NAME, text).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode(0x82)));
    let last = machine.world().requests.last().unwrap().data.clone();
    assert_eq!(last, [0, 0], "set complete");
}

#[tokio::test]
async fn enables_and_states_change_alone() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let change = bmc.set_global_enables(|enables| enables.event_buffer = true).await.unwrap();
    assert!(change.asked.logging && change.is_kept() == Some(true));
    let state = SetAcpiPowerState { system: Some(AcpiSystemState::S3), device: None };
    let change = bmc.set_acpi_state(state).await.unwrap();
    assert_eq!(
        change.now.map(|now| (now.system, now.device)),
        Some((AcpiSystemState::S3, AcpiDeviceState::D0))
    );
    assert_eq!(change.is_kept(), Some(true));
    // This machine tells of no interface at all.
    let error = bmc.system_interfaces().await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::INVALID_COMMAND));
}
