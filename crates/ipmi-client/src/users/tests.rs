use std::sync::Arc;

use ipmi_session::Secret;
use ipmi_wire::cmd::app::{
    GetUserAccess, GetUserName, GetUserPayloadAccess, PasswordOperation, PasswordSize,
    PayloadAccess, SetUserAccess, SetUserName, SetUserPassword, SetUserPayloadAccess, UserFlags,
};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Privilege, Request};

use super::*;
use crate::fake::{Machine, Slot, code, is, lost, of};

const HERE: Channel = Channel::PRESENT;

fn name(text: &str) -> Username {
    Username::new(text.as_bytes()).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes()).unwrap()
}

fn bob() -> NewUser {
    NewUser {
        name: name("bob"),
        password: secret("Bob_Pass_5"),
        size: PasswordSize::Sixteen,
        channel: HERE,
        access: AccessChange {
            limit: Some(Some(Privilege::Operator)),
            callback_only: Some(false),
            link_authentication: Some(false),
            messaging: Some(true),
            session_limit: None,
        },
        sol: None,
        id: None,
        enable: true,
    }
}

/// Two administrators, then nobody.
fn machine(slots: u8) -> Arc<Machine> {
    let machine = Machine::new();
    let mut world = machine.world();
    world.max_user_id = slots;
    world.user(2, "admin", Privilege::Administrator);
    world.user(3, "root", Privilege::Administrator);
    drop(world);
    machine
}

fn ids(list: &UserList) -> Vec<u8> {
    list.users.iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn a_list_stops_where_nobody_is_expected_any_more() {
    let machine = machine(63);
    let bmc = machine.bmc();
    let list = bmc.users(HERE, false).await.unwrap();
    assert_eq!((ids(&list), list.looked_at), (vec![2, 3], 16));
    assert_eq!(list.summary, UserSummary { slots: 63, enabled: 2, fixed_names: 1 });
    assert!(!list.users[0].has_fixed_name() && list.users[0].is_enabled() == Some(true));
    // Two for each of the first three, one for each after that.
    assert_eq!(machine.requests(), 3 * 2 + 13);
    assert_eq!(bmc.users(HERE, true).await.unwrap().looked_at, 63);
    assert_eq!(machine.requests(), 63 * 2);
}

#[tokio::test]
async fn who_is_enabled_or_has_a_fixed_name_is_found_however_far_away() {
    let machine = machine(63);
    machine.world().user(60, "far", Privilege::User);
    let list = machine.bmc().users(HERE, false).await.unwrap();
    assert_eq!((ids(&list), list.looked_at), (vec![2, 3, 60], 63));
    machine.world().slots.remove(&60);
    // A name that nobody can change, of somebody who is disabled.
    machine.world().fixed_names = 40;
    machine.world().slots.insert(40, Slot { name: name("maker"), ..Slot::default() });
    let list = machine.bmc().users(HERE, false).await.unwrap();
    assert_eq!((ids(&list), list.looked_at), (vec![2, 3, 40], 48));
    assert!(list.users[2].has_fixed_name() && list.users[2].is_enabled() == Some(false));
}

#[tokio::test]
async fn disabled_users_among_the_first_sixteen_and_after_others_are_listed() {
    let machine = machine(63);
    for id in [5, 16, 21] {
        machine.world().slots.insert(id, Slot { name: name("off"), ..Slot::default() });
    }
    let list = machine.bmc().users(HERE, false).await.unwrap();
    assert_eq!((ids(&list), list.looked_at), (vec![2, 3, 5, 16, 21], 29));
}

#[tokio::test]
async fn slots_that_the_bmc_will_not_speak_of_are_empty() {
    let machine = machine(12);
    // CCh for whoever has no name (Sun X4140, Inventec 5441), user 1 included.
    machine.hook(|world, request| {
        let id = of::<GetUserName>(request).map(|get| get.user_id);
        let id = id.or_else(|| of::<GetUserAccess>(request).map(|get| get.user_id))?;
        (!world.slots.contains_key(&id)).then(|| Ok(code(0xcc)))
    });
    let bmc = machine.bmc();
    let list = bmc.users(HERE, false).await.unwrap();
    assert_eq!((ids(&list), list.looked_at, list.summary.slots), (vec![2, 3], 12, 12));
    assert_eq!(bmc.user_summary(HERE).await.unwrap().enabled, 2);
    // But no such command is an error, and so is no answer.
    machine.hook(|_, request| is::<GetUserName>(request).then(|| Ok(code(0xc1))));
    assert_eq!(bmc.users(HERE, false).await.unwrap_err().completion().unwrap().0, 0xc1);
    machine.hook(|_, request| Some(Err(lost(request))));
    bmc.users(HERE, false).await.unwrap_err();
}

#[tokio::test]
async fn a_name_is_found_wherever_it_is_and_twice_if_it_is_there_twice() {
    let machine = machine(63);
    let bmc = machine.bmc();
    assert_eq!(bmc.find_users(&name("root")).await.unwrap(), [3]);
    assert_eq!(bmc.find_users(&name("nobody")).await.unwrap(), []);
    machine.world().slots.insert(50, Slot { name: name("late"), ..Slot::default() });
    machine.world().user(4, "root", Privilege::User);
    assert_eq!(bmc.find_users(&name("late")).await.unwrap(), [50]);
    assert_eq!(bmc.find_users(&name("root")).await.unwrap(), [3, 4]);
}

#[tokio::test]
async fn payloads_that_a_bmc_does_not_serve_are_one_refusal() {
    let machine = machine(15);
    machine.hook(|_, request| is::<GetUserPayloadAccess>(request).then(|| Ok(code(0xc1))));
    let details = machine.bmc().user(HERE, 2).await.unwrap();
    assert_eq!(details.user.access.limit, Some(Privilege::Administrator));
    assert_eq!(details.payloads.unwrap_err().completion().unwrap().0, 0xc1);
}

#[tokio::test]
async fn a_new_user_is_enabled_last() {
    let machine = machine(15);
    let added = machine.bmc().add_user(&NewUser { sol: Some(true), ..bob() }).await.unwrap();
    assert_eq!(added.id, 4);
    assert!(added.password.is_kept() && added.access.is_kept());
    let world = machine.world();
    let slot = &world.slots[&4];
    assert!(slot.enabled && slot.payloads == PayloadAccess::SOL);
    assert_eq!((slot.name, slot.limit), (name("bob"), Some(Privilege::Operator)));
    let writes: Vec<_> = world.requests.iter().filter_map(write).collect();
    assert_eq!(writes, ["name", "password", "access", "payloads", "enable"]);
}

fn write(request: &Request) -> Option<&'static str> {
    if let Some(SetUserPassword { operation, .. }) = of(request) {
        return match operation {
            PasswordOperation::Disable => Some("disable"),
            PasswordOperation::Enable => Some("enable"),
            PasswordOperation::Set(_) => Some("password"),
            PasswordOperation::Test(_) => None,
        };
    }
    let names = [
        (is::<SetUserName>(request), "name"),
        (is::<SetUserAccess>(request), "access"),
        (is::<SetUserPayloadAccess>(request), "payloads"),
    ];
    names.into_iter().find_map(|(is, name)| is.then_some(name))
}

#[tokio::test]
async fn a_name_or_a_slot_that_is_taken_is_refused_before_anything_is_written() {
    let machine = machine(20);
    machine.world().slots.insert(20, Slot { name: name("bob"), ..Slot::default() });
    let bmc = machine.bmc();
    assert!(matches!(bmc.add_user(&bob()).await, Err(AddUserError::NameTaken(20))));
    let root = NewUser { name: name("eve"), id: Some(3), ..bob() };
    assert!(matches!(bmc.add_user(&root).await, Err(AddUserError::SlotTaken(3))));
    (2..=20).for_each(|id| machine.world().user(id, &format!("u{id}"), Privilege::User));
    assert!(matches!(bmc.add_user(&bob()).await, Err(AddUserError::Full(20))));
    assert_eq!(machine.world().requests.iter().filter_map(write).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_bmc_loses_is_written_once_more() {
    let machine = machine(15);
    // Whatever comes within a second of another setting is lost (Supermicro H8QME, Quanta S99Q).
    let mut last: Option<tokio::time::Instant> = None;
    machine.hook(move |_, request| {
        write(request)?;
        let now = tokio::time::Instant::now();
        let soon = last.is_some_and(|last| now - last < std::time::Duration::from_secs(1));
        last = Some(now);
        soon.then(|| Ok(ipmi_wire::Response::ok(&())))
    });
    let added = machine.bmc().add_user(&bob()).await.unwrap();
    assert!(machine.world().slots[&added.id].enabled);
}

#[tokio::test(start_paused = true)]
async fn a_user_of_whom_something_is_not_kept_is_not_enabled() {
    let machine = machine(15);
    machine
        .hook(|_, request| is::<SetUserAccess>(request).then(|| Ok(ipmi_wire::Response::ok(&()))));
    let error = machine.bmc().add_user(&bob()).await.unwrap_err();
    let AddUserError::Unfinished { id: 4, step, why: Why::NotKept } = error else {
        panic!("{error}")
    };
    assert_eq!(step, AddStep::Access);
    assert!(!machine.world().slots[&4].enabled);
    // Rules for passwords (Dell C6220).
    machine.hook(|_, request| (write(request) == Some("password")).then(|| Ok(code(0x8f))));
    let error = machine.bmc().add_user(&NewUser { name: name("eve"), ..bob() }).await.unwrap_err();
    assert!(matches!(
        error,
        AddUserError::Unfinished { step: AddStep::Password, why: Why::Failed(_), .. }
    ));
}

#[tokio::test]
async fn a_name_that_is_so_already_is_not_written() {
    let machine = machine(15);
    let written = machine.bmc().set_user_name(3, name("root")).await.unwrap();
    assert!(written.was_so_before() && written.is_kept());
    assert_eq!(machine.count::<SetUserName>(), 0);
}

#[tokio::test]
async fn what_is_not_said_of_access_stays_as_it_is() {
    let machine = machine(15);
    let flags = UserFlags { callback_only: true, link_authentication: true, messaging: false };
    machine.world().slots.get_mut(&3).unwrap().flags = flags;
    let change = AccessChange { messaging: Some(true), ..AccessChange::default() };
    let written = machine.bmc().set_user_access(HERE, 3, &change).await.unwrap();
    assert!(written.is_kept());
    let slot = machine.world().slots[&3].clone();
    assert_eq!(slot.flags, UserFlags { messaging: true, ..flags });
    assert_eq!(slot.limit, Some(Privilege::Administrator));
}

#[tokio::test]
async fn a_password_is_set_whole_or_not_at_all_and_tried_afterwards() {
    let machine = machine(15);
    let bmc = machine.bmc();
    let long = secret("twenty_characters_20");
    bmc.set_user_password(3, &long, PasswordSize::Sixteen).await.unwrap_err();
    assert_eq!(machine.requests(), 0);
    let written = bmc.set_user_password(3, &long, PasswordSize::Twenty).await.unwrap();
    assert!(matches!(written.now, Ok(PasswordTest::Right)));
    let test = async |text, size| bmc.test_user_password(3, &secret(text), size).await.unwrap();
    assert_eq!(test("twenty_characters_2", PasswordSize::Twenty).await, PasswordTest::Wrong);
    assert_eq!(test("twenty", PasswordSize::Sixteen).await, PasswordTest::WrongSize);
    // Whoever cannot test it is believed.
    machine.hook(|_, request| {
        let set: SetUserPassword = of(request)?;
        matches!(set.operation, PasswordOperation::Test(_)).then(|| Ok(code(0xcc)))
    });
    let written = bmc.set_user_password(3, &long, PasswordSize::Twenty).await.unwrap();
    assert!(written.is_kept() && written.now.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_over_a_setting_is_no_failure_of_it() {
    let machine = machine(15);
    let mut disabled = false;
    machine.hook(move |_, request| {
        if disabled {
            return Some(Err(lost(request)));
        }
        disabled = write(request) == Some("disable");
        None
    });
    let written = machine.bmc().enable_user(2, false).await.unwrap();
    assert!(written.now.is_err() && written.is_kept());
    assert!(!machine.world().slots[&2].enabled);
}

#[tokio::test]
async fn a_user_that_is_removed_is_shut_out_first() {
    let machine = machine(15);
    let bmc = machine.bmc();
    let removed = bmc.remove_user(HERE, 3).await.unwrap();
    assert!(removed.is_gone() && removed.is_shut_out());
    {
        let world = machine.world();
        let slot = &world.slots[&3];
        assert!(!slot.enabled && slot.name.is_empty() && slot.limit.is_none());
        let writes: Vec<_> = world.requests.iter().filter_map(write).collect();
        assert_eq!(writes, ["disable", "access", "name"]);
    }
    // A name that cannot be taken away is told, and the user is shut out all the same.
    machine.hook(|_, request| is::<SetUserName>(request).then(|| Ok(code(0xcc))));
    let removed = bmc.remove_user(HERE, 2).await.unwrap();
    assert!(!removed.is_gone() && removed.is_shut_out());
    assert_eq!(removed.name.unwrap_err().completion().unwrap().0, 0xcc);
}

#[tokio::test]
async fn payloads_are_allowed_and_forbidden_at_once() {
    let machine = machine(15);
    let oem = PayloadAccess { standard: 0, oem: 4 };
    machine.world().slots.get_mut(&3).unwrap().payloads = PayloadAccess::SOL;
    let written = machine.bmc().set_user_payloads(HERE, 3, oem, PayloadAccess::SOL).await.unwrap();
    assert!(written.is_kept() && written.now.unwrap() == oem);
}

#[tokio::test]
async fn whoever_is_logged_in_is_known_if_the_bmc_tells() {
    let machine = machine(15);
    let bmc = machine.bmc();
    assert_eq!(bmc.own_user_id().await.unwrap(), Some(2));
    machine.hook(|_, _| Some(Ok(code(0xc1))));
    assert_eq!(bmc.own_user_id().await.unwrap(), None);
}
