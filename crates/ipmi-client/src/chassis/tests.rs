use std::time::Duration;

use ipmi_wire::cmd::chassis::{
    BootDevice, BootFlags, BootParameter, ChassisControl, GetChassisStatus, GetSystemBootOptions,
    PowerAction, PowerRestorePolicy, SetFrontPanelEnables, SetPowerRestorePolicy,
    SetSystemBootOptions,
};
use ipmi_wire::{CompletionCode, Response};

use super::*;
use crate::ErrorKind;
use crate::fake::{Machine, code, is, lost, of};

fn pxe() -> BootRequest {
    let flags = BootFlags {
        valid: true,
        persistent: true,
        efi: true,
        device: BootDevice::PXE,
        ..BootFlags::default()
    };
    BootRequest { flags, keep_valid: None, take_over: false }
}

/// The boot parameters that were set, in their order: selector and first byte.
fn written(machine: &Machine) -> Vec<(u8, u8)> {
    let world = machine.world();
    let set = world.requests.iter().filter(|request| is::<SetSystemBootOptions>(request));
    set.map(|request| (request.data[0], request.data[1])).collect()
}

#[tokio::test]
async fn boot_flags_are_set_as_the_specification_has_it_and_read_back() {
    let machine = Machine::new();
    let request = BootRequest { keep_valid: Some(0x0c), ..pxe() };
    let change = machine.bmc().set_boot(&request).await.unwrap();
    let expected = [(0, 1), (3, 0x0c), (4, 0xff), (5, 0xe0), (0, 2), (0, 0)];
    assert_eq!(written(&machine), expected);
    assert_eq!((change.dropped(), change.now), (vec![], Some(request.flags)));
    assert_eq!((change.keep_valid, change.claimed, change.announced), (Some(0x0c), true, true));
    assert!(!change.slowly);
    // Taken back: nobody has to handle anything.
    machine.world().requests.clear();
    let clear = BootRequest { flags: BootFlags::default(), ..pxe() };
    let change = machine.bmc().set_boot(&clear).await.unwrap();
    assert_eq!(written(&machine), [(0, 1), (5, 0), (0, 2), (0, 0)]);
    assert_eq!((change.dropped(), change.announced), (vec![], false));
}

#[tokio::test]
async fn what_a_bmc_drops_is_named() {
    let machine = Machine::new();
    // Neither persistent nor EFI, as in ipmitool's issues 163 and 258.
    machine.world().settings.boot_mask = [0x9f, 0xff];
    let change = machine.bmc().set_boot(&pxe()).await.unwrap();
    assert_eq!(change.dropped(), ["persistent", "efi"]);
    // Another device than the one that was asked for; what was there, stays: valid and PXE.
    machine.world().settings.boot_mask = [0xff, 0x00];
    let change = machine.bmc().set_boot(&pxe()).await.unwrap();
    assert_eq!(change.dropped(), ["device"]);
}

#[tokio::test]
async fn what_a_bmc_does_not_have_of_the_ceremony_is_left_out() {
    let machine = Machine::new();
    {
        let settings = &mut machine.world().settings;
        settings.has_progress = false;
        settings.boot.retain(|(selector, _), _| *selector == 5);
    }
    let change = machine.bmc().set_boot(&pxe()).await.unwrap();
    assert_eq!((change.dropped(), change.keep_valid), (vec![], None));
    assert!(!change.claimed && !change.announced);
    assert_eq!(written(&machine), [(0, 1), (4, 0xff), (5, 0xe0)]);
    let options = machine.bmc().boot_options().await.unwrap();
    let told: Vec<_> = options.parameters.iter().map(Result::is_ok).collect();
    assert_eq!(told, [false, false, false, false, false, true, false]);
    assert!(options.mailbox.is_err());
    // A BMC that has none at all says so once.
    machine.world().settings.boot.clear();
    let error = machine.bmc().boot_options().await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode(0x80)));
}

#[tokio::test(start_paused = true)]
async fn somebody_else_who_sets_is_waited_for_and_can_be_ended() {
    let machine = Machine::new();
    machine.world().settings.taken = 3;
    machine.bmc().set_boot(&pxe()).await.unwrap();
    machine.world().settings.taken = 1000;
    machine.world().requests.clear();
    let error = machine.bmc().set_boot(&pxe()).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode(0x81)));
    assert!(written(&machine).iter().all(|set| *set == (0, 1)), "nothing else was tried");
    let request = BootRequest { take_over: true, ..pxe() };
    assert!(machine.bmc().set_boot(&request).await.unwrap().dropped().is_empty());
}

#[tokio::test]
async fn a_refused_flag_lets_others_in_again() {
    let machine = Machine::new();
    machine.hook(|_, request| {
        let set = of::<SetSystemBootOptions>(request)?;
        matches!(set.value, Some(BootParameter::Flags(_))).then(|| Ok(code(0xcc)))
    });
    let error = machine.bmc().set_boot(&pxe()).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode(0xcc)));
    // Nothing is committed.
    assert_eq!(written(&machine), [(0, 1), (4, 0xff), (5, 0xe0), (0, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_loses_what_comes_quickly_is_given_time() {
    let machine = Machine::new();
    let mut last: Option<tokio::time::Instant> = None;
    machine.hook(move |_, request| {
        if !is::<SetSystemBootOptions>(request) {
            return None;
        }
        let now = tokio::time::Instant::now();
        let quick = last.replace(now).is_some_and(|last| now - last < Duration::from_secs(1));
        quick.then(|| Ok(Response::code(CompletionCode::OK)))
    });
    let change = machine.bmc().set_boot(&pxe()).await.unwrap();
    assert!(change.slowly && change.dropped().is_empty(), "{change:?}");
}

#[tokio::test]
async fn twelve_bytes_too_many_do_no_harm() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        // HP ProLiant DL380 G5 (research/freeipmi.md §4.8).
        is::<GetSystemBootOptions>(request).then(|| {
            let mut answer = world.answer(request);
            if answer.completion.is_ok() && request.data[0] != 7 {
                answer.data.extend([0; 12]);
            }
            Ok(answer)
        })
    });
    let change = machine.bmc().set_boot(&pxe()).await.unwrap();
    assert!(change.dropped().is_empty());
    assert!(machine.bmc().boot_options().await.unwrap().parameters.iter().all(Result::is_ok));
}

#[tokio::test]
async fn the_mailbox_takes_what_fits_and_nothing_else() {
    let machine = Machine::new();
    let text = b"a word for the loader that needs more than one block";
    let change = machine.bmc().set_boot_mailbox(343, text).await.unwrap();
    assert!(change.is_kept());
    assert_eq!((change.now.enterprise(), change.now.data()), (Some(343), text.to_vec()));
    assert_eq!((change.asked.len(), change.now.blocks.len()), (4, 5));
    machine.world().requests.clear();
    let error = machine.bmc().set_boot_mailbox(343, &[b'x'; 78]).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::NotPossible(_)), "{error}");
    assert!(written(&machine).is_empty());
    // One that tells the same block for ever.
    machine.hook(|_, request| {
        let get = of::<GetSystemBootOptions>(request)?;
        (get.selector == 7).then(|| {
            Ok(Response {
                completion: CompletionCode::OK,
                data: [&[1, 7, 0][..], &[9; 16]].concat(),
            })
        })
    });
    assert_eq!(machine.bmc().boot_mailbox().await.unwrap().blocks.len(), 1);
}

#[tokio::test]
async fn a_policy_is_set_if_there_is_such() {
    let machine = Machine::new();
    let change = machine.bmc().set_restore_policy(PowerRestorePolicy::AlwaysOn).await.unwrap();
    assert_eq!(change.before, Some(PowerRestorePolicy::Previous));
    assert_eq!(change.is_kept(), Some(true));
    // Only "always off" and "previous".
    machine.world().settings.policies = Some(3);
    machine.world().requests.clear();
    let error = machine.bmc().set_restore_policy(PowerRestorePolicy::AlwaysOn).await.unwrap_err();
    assert!(error.to_string().contains("'always-on' is none that this BMC has"), "{error}");
    let set = machine.world().requests.iter().filter_map(of::<SetPowerRestorePolicy>).next_back();
    assert_eq!(set.unwrap().policy, None, "it was only asked");
    // One that says "done" and goes on as before.
    machine.world().settings.policies = Some(7);
    machine.hook(|_, request| {
        of::<SetPowerRestorePolicy>(request)?.policy?;
        Some(Ok(Response { completion: CompletionCode::OK, data: vec![7] }))
    });
    let change = machine.bmc().set_restore_policy(PowerRestorePolicy::AlwaysOff).await.unwrap();
    assert_eq!((change.now, change.is_kept()), (Some(PowerRestorePolicy::AlwaysOn), Some(false)));
}

#[tokio::test]
async fn other_buttons_stay_as_they_are() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    bmc.disable_buttons(&[PanelButton::Reset], true).await.unwrap();
    let change = bmc.disable_buttons(&[PanelButton::Standby], true).await.unwrap();
    let both =
        SetFrontPanelEnables { disable_reset: true, disable_standby: true, ..Default::default() };
    assert_eq!((change.asked, change.now), (both, Some(both)));
    let change = bmc.disable_buttons(&[PanelButton::Reset], false).await.unwrap();
    assert!(!change.asked.disable_reset && change.asked.disable_standby);
    // A button that cannot be disabled, and a BMC that tells nothing.
    machine.world().settings.buttons = Some(0xe0);
    let error = bmc.disable_buttons(&[PanelButton::Power], true).await.unwrap_err();
    assert!(error.to_string().contains("the power button cannot be disabled"), "{error}");
    machine.world().settings.buttons = None;
    assert!(bmc.disable_buttons(&[PanelButton::Power], true).await.is_err());
    assert_eq!(machine.count::<SetFrontPanelEnables>(), 3);
    let change = bmc.disable_buttons(&PanelButton::ALL, true).await.unwrap();
    assert_eq!(change.is_kept(), None);
}

/// A machine that obeys after so many looks.
fn slow(looks: u32) -> std::sync::Arc<Machine> {
    let machine = Machine::new();
    let (mut left, mut told) = (looks, None);
    machine.hook(move |world, request| {
        if let Some(control) = of::<ChassisControl>(request) {
            told = Some(control.action);
            return Some(Ok(Response::code(CompletionCode::OK)));
        }
        if is::<GetChassisStatus>(request) && told.is_some() {
            if left == 0 {
                world.settings.on = told == Some(PowerAction::On);
            }
            left = left.saturating_sub(1);
        }
        None
    });
    machine
}

#[tokio::test(start_paused = true)]
async fn power_is_waited_for() {
    let machine = slow(5);
    let patience = Duration::from_secs(60);
    let (_, waited) = machine.bmc().power_and_wait(PowerAction::SoftOff, patience).await.unwrap();
    let waited = waited.unwrap();
    assert_eq!((waited.reached, waited.on), (true, Some(false)));
    assert!(waited.after >= Duration::from_millis(1500), "{:?}", waited.after);
    // Nothing comes of it.
    let machine = slow(u32::MAX);
    let patience = Duration::from_secs(2);
    let (_, waited) = machine.bmc().power_and_wait(PowerAction::SoftOff, patience).await.unwrap();
    let waited = waited.unwrap();
    assert_eq!((waited.reached, waited.on), (false, Some(true)));
    assert_eq!(waited.after, patience);
    // There is nothing to wait for after a reset.
    let (_, waited) = machine.bmc().power_and_wait(PowerAction::Reset, patience).await.unwrap();
    assert!(waited.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_busy_bmc_has_not_begun_a_cycle_and_is_asked_again() {
    let machine = Machine::new();
    let mut busy = 3;
    machine.hook(move |_, request| {
        if !is::<ChassisControl>(request) {
            return None;
        }
        busy -= 1;
        let code = if busy >= 0 { CompletionCode::NODE_BUSY } else { CompletionCode::OK };
        Some(Ok(Response::code(code)))
    });
    machine.bmc().power(PowerAction::Cycle).await.unwrap();
    assert_eq!(machine.count::<ChassisControl>(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_is_over_once_the_machine_was_off_and_is_on() {
    let machine = Machine::new();
    let mut looks = 0;
    machine.hook(move |world, request| {
        if is::<ChassisControl>(request) {
            looks = 1;
            return Some(Ok(Response::code(CompletionCode::OK)));
        }
        if is::<GetChassisStatus>(request) && looks > 0 {
            looks += 1;
            // Still on, then silent, then off, then on again.
            match looks {
                3 => return Some(Err(lost(request))),
                4 => return Some(Err(lost(request))),
                5..8 => world.settings.on = false,
                _ => world.settings.on = true,
            }
        }
        None
    });
    let patience = Duration::from_secs(60);
    let (_, waited) = machine.bmc().power_and_wait(PowerAction::Cycle, patience).await.unwrap();
    let waited = waited.unwrap();
    assert_eq!((waited.reached, waited.on), (true, Some(true)));
    assert!(waited.after >= Duration::from_millis(1200), "{:?}", waited.after);
}
