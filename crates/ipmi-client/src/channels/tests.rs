use ipmi_session::Secret;
use ipmi_wire::cmd::app::{
    AccessCopy, AccessMode, AlgorithmTag, CipherSuiteRecord, GetChannelAccess,
    GetChannelCipherSuites, GetChannelInfo, GetChannelPayloadSupport, GetChannelPayloadVersion,
    KeyLock, SecurityKey, SetChannelAccess, SetChannelSecurityKeys,
};
use ipmi_wire::session::{AuthenticationAlgorithm, CipherSuite};
use ipmi_wire::{Channel, CompletionCode, Privilege, Response};

use super::*;
use crate::fake::{Machine, code, is, of};

const HERE: Channel = Channel::PRESENT;
const BOTH: [AccessCopy; 2] = [AccessCopy::Volatile, AccessCopy::NonVolatile];

fn bytes(data: &[u8]) -> Response {
    Response { completion: CompletionCode::OK, data: data.to_vec() }
}

#[tokio::test]
async fn each_channel_is_asked_for_once() {
    let machine = Machine::new();
    let channels = machine.bmc().channels().await.unwrap();
    assert_eq!(channels.iter().map(|info| info.channel.number()).collect::<Vec<_>>(), [1]);
    assert_eq!(machine.count::<GetChannelInfo>(), 13);
    // Without the command there is nothing to list, which is an error and no empty list.
    machine.hook(|_, _| Some(Ok(code(0xc1))));
    machine.bmc().channels().await.unwrap_err();
}

#[tokio::test]
async fn access_that_a_channel_has_not_is_a_refusal_beside_what_it_is() {
    let machine = Machine::new();
    machine.hook(|_, request| is::<GetChannelAccess>(request).then(|| Ok(code(0x82))));
    let details = machine.bmc().channel(HERE).await.unwrap();
    assert_eq!(details.info.channel.number(), 1);
    for copy in BOTH {
        assert_eq!(details.copy(copy).as_ref().unwrap_err().completion().unwrap().0, 0x82);
    }
}

#[tokio::test]
async fn settings_are_changed_in_the_copies_that_are_meant_and_nowhere_else() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let change = ChannelChange { alerting: Some(false), ..ChannelChange::default() };
    let written = bmc.set_channel_access(HERE, &[AccessCopy::Volatile], &change).await.unwrap();
    assert!(written.len() == 1 && written[0].1.is_kept());
    let alerting = |machine: &Machine| {
        machine.world().channel_access.map(|access| !access.flags.alerting_disabled)
    };
    assert_eq!(alerting(&machine), [false, true]);
    // The one in force last, as it may end the session.
    let change = ChannelChange { limit: Some(Privilege::User), ..change };
    let written = bmc.set_channel_access(HERE, &BOTH, &change).await.unwrap();
    let copies: Vec<_> = written.iter().map(|(copy, _)| *copy).collect();
    assert_eq!(copies, [AccessCopy::NonVolatile, AccessCopy::Volatile]);
    assert_eq!(alerting(&machine), [false, false]);
    assert!(machine.world().channel_access.iter().all(|a| a.limit == Some(Privilege::User)));
    assert!(machine.world().channel_access.iter().all(|a| a.flags.mode == AccessMode::Always));
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_is_not_kept_is_told() {
    let machine = Machine::new();
    machine.hook(|_, request| is::<SetChannelAccess>(request).then(|| Ok(bytes(&[]))));
    let change = ChannelChange { limit: Some(Privilege::User), ..ChannelChange::default() };
    let written = machine.bmc().set_channel_access(HERE, &BOTH, &change).await.unwrap();
    assert!(written.iter().all(|(_, written)| !written.is_kept()));
}

#[tokio::test]
async fn suites_come_in_pieces_and_end_as_they_do() {
    // Four suites of five bytes: one piece of 16, one of four.
    let suites = [0, 2, 3, 17].map(|n| CipherSuiteRecord::standard(CipherSuite(n)).unwrap());
    let list = CipherSuiteRecord::encode_list(&suites);
    let machine = Machine::new();
    let serve = |list: Vec<u8>, beyond: Option<u8>| {
        move |_: &mut _, request: &_| {
            let get: GetChannelCipherSuites = of(request)?;
            let piece = list.chunks(16).nth(get.index.into());
            Some(Ok(match (piece, beyond) {
                (None, Some(refusal)) => code(refusal),
                (piece, _) => bytes(&[&[1], piece.unwrap_or_default()].concat()),
            }))
        }
    };
    machine.hook(serve(list.clone(), None));
    assert_eq!(machine.bmc().cipher_suites(HERE, 0).await.unwrap(), suites);
    assert_eq!(machine.count::<GetChannelCipherSuites>(), 2);
    // A list of exactly one piece, with and without an empty one after it.
    let oem = CipherSuiteRecord {
        suite: CipherSuite(0x80),
        oem_iana: Some(7244),
        algorithms: vec![AlgorithmTag::Authentication(AuthenticationAlgorithm::None)],
    };
    let whole = [suites[2].clone(), suites[3].clone(), oem];
    let list = CipherSuiteRecord::encode_list(&whole);
    assert_eq!(list.len(), 16);
    for beyond in [None, Some(0xcc)] {
        machine.hook(serve(list.clone(), beyond));
        assert_eq!(machine.bmc().cipher_suites(HERE, 0).await.unwrap(), whole);
    }
    machine.hook(|_, request| of::<GetChannelCipherSuites>(request).map(|_| Ok(bytes(&[1; 17]))));
    machine.bmc().cipher_suites(HERE, 0).await.unwrap_err();
}

#[tokio::test]
async fn payloads_have_versions_as_far_as_the_bmc_tells() {
    let machine = Machine::new();
    machine.hook(|_, request| {
        if is::<GetChannelPayloadSupport>(request) {
            return Some(Ok(bytes(&[0x03, 0, 0x3f, 0, 0x80, 0, 0, 0])));
        }
        let get: GetChannelPayloadVersion = of(request)?;
        Some(Ok(if get.payload_type == 0x27 { code(0x80) } else { bytes(&[0x10]) }))
    });
    let payloads = machine.bmc().channel_payloads(HERE).await.unwrap();
    let numbers: Vec<_> = payloads.iter().map(|payload| payload.number).collect();
    assert_eq!(numbers, [0, 1, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x27]);
    assert_eq!(payloads[1].version.as_ref().unwrap().major, 1);
    assert!(payloads[8].version.is_err());
}

#[tokio::test]
async fn a_key_is_set_compared_and_locked() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let kg = SecurityKey::Generating;
    assert_eq!(bmc.channel_key(HERE, kg).await.unwrap().is_set, Some(false));
    let key = Secret::new(b"key of the gallery").unwrap();
    let written = bmc.set_channel_key(HERE, kg, &key).await.unwrap();
    assert_eq!((written.kept, written.state.is_set), (Some(true), Some(true)));
    assert_eq!(machine.world().kg.0, *key.padded());
    assert_eq!(bmc.lock_channel_key(HERE, kg).await.unwrap().lock, Some(KeyLock::Locked));
    let refused = bmc.set_channel_key(HERE, kg, &key).await.unwrap_err();
    assert!(refused.to_string().contains("the key is locked"), "{refused}");
    assert!(!format!("{refused:?}").contains("gallery"));
    let refused = bmc.channel_key(HERE, SecurityKey::Random).await.unwrap_err();
    assert_eq!(refused.completion().unwrap().0, 0x84);
}

#[tokio::test]
async fn another_key_than_was_set_is_told() {
    let machine = Machine::new();
    machine.hook(|_, request| {
        let data = request.data.get(1).copied();
        (is::<SetChannelSecurityKeys>(request) && data == Some(1)).then(|| Ok(bytes(&[2])))
    });
    let key = Secret::new(b"key").unwrap();
    let kg = SecurityKey::Generating;
    let written = machine.bmc().set_channel_key(HERE, kg, &key).await.unwrap();
    assert_eq!((written.kept, written.state.is_set), (Some(false), Some(false)));
}
