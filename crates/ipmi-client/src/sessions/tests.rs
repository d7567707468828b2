use ipmi_wire::Response;
use ipmi_wire::cmd::app::{CloseSession, GetSessionInfo, SessionSelector};

use super::*;
use crate::fake::{Machine, code, is, of, session};

#[tokio::test]
async fn sessions_are_listed_with_one_question_each() {
    let machine = Machine::new();
    machine.world().sessions = vec![(4, session(2, 1000)), (2, session(3, 2000))];
    let list = machine.bmc().sessions().await.unwrap();
    let handles: Vec<_> = list.sessions.iter().map(|listed| listed.handle).collect();
    assert_eq!((handles, list.own, list.active, list.possible), (vec![2, 4], 4, 2, 5));
    assert_eq!(machine.count::<GetSessionInfo>(), 3);
}

#[tokio::test]
async fn a_bmc_that_counts_slots_is_asked_for_all_of_them() {
    let machine = Machine::new();
    machine.world().sessions = vec![(1, session(2, 1000)), (5, session(3, 2000))];
    // The second is in the last slot; empty ones are refused.
    machine.hook(|world, request| {
        let GetSessionInfo { selector: SessionSelector::Index(index) } = of(request)? else {
            return None;
        };
        Some(Ok(match world.sessions.iter().find(|(handle, _)| *handle == index) {
            None => code(0xcb),
            Some((handle, session)) => Response::ok(&SessionInfo {
                handle: *handle,
                possible: 5,
                active: 2,
                session: Some(*session),
            }),
        }))
    });
    let list = machine.bmc().sessions().await.unwrap();
    assert_eq!(list.sessions.len(), 2);
    assert_eq!(machine.count::<GetSessionInfo>(), 6);
}

#[tokio::test]
async fn a_session_is_closed_unless_it_is_the_own_or_none() {
    let machine = Machine::new();
    machine.world().sessions.push((2, session(3, 2000)));
    let bmc = machine.bmc();
    let close = async |handle| bmc.close_session(SessionSelector::Handle(handle)).await.unwrap();
    assert_eq!(close(1).await, Closing::Own);
    assert_eq!(close(9).await, Closing::NotThere);
    assert_eq!(machine.count::<CloseSession>(), 0);
    assert!(matches!(close(2).await, Closing::Closed(ListedSession { handle: 2, .. })));
    assert_eq!(machine.world().sessions.len(), 1);
}

#[tokio::test]
async fn a_session_that_stays_is_told_and_one_that_took_its_handle_is_not_meant() {
    let machine = Machine::new();
    machine.world().sessions.push((2, session(3, 2000)));
    let bmc = machine.bmc();
    machine.hook(|_, request| is::<CloseSession>(request).then(|| Ok(Response::ok(&()))));
    let closing = bmc.close_session(SessionSelector::Handle(2)).await.unwrap();
    assert!(matches!(closing, Closing::StillThere(_)));
    machine.hook(|world, request| {
        let close = is::<CloseSession>(request);
        if close {
            world.sessions[1].1 = session(4, 3000);
        }
        close.then(|| Ok(Response::ok(&())))
    });
    let closing = bmc.close_session(SessionSelector::Handle(2)).await.unwrap();
    assert!(matches!(closing, Closing::Closed(_)));
}
