//! `session`.

use std::collections::BTreeMap;

use ipmi_client::sessions::Closing;
use ipmi_wire::cmd::app::{GetSessionInfo, SessionSelector};

use super::{Context, Outcome};
use crate::cli::Session;
use crate::error::{Error, Exit};
use crate::view::session::{Closed, List, Session as SessionView};

pub(super) async fn run(command: &Session, context: &Context<'_>) -> Outcome {
    let Context { bmc, info, .. } = context;
    Ok(match command {
        Session::Info => {
            let current = GetSessionInfo { selector: SessionSelector::Current };
            let answer = bmc.send(&current).await?;
            // Some departures show only once there is something to answer.
            let noticed = bmc.connect().await?.noticed;
            Box::new(SessionView::new(info.agreed, noticed, &answer))
        }
        Session::List { names: wanted } => {
            let list = bmc.sessions().await?;
            let mut names = BTreeMap::new();
            if *wanted {
                for listed in &list.sessions {
                    let id = listed.session.user_id;
                    if let std::collections::btree_map::Entry::Vacant(entry) = names.entry(id) {
                        entry.insert(bmc.user_name(id).await?);
                    }
                }
            }
            Box::new(List::new(&list, &names))
        }
        Session::Close { handle, id } => {
            let selector = match (handle, id) {
                (Some(handle), _) => SessionSelector::Handle(*handle),
                (None, Some(id)) => SessionSelector::Id(*id),
                (None, None) => return Err(Error::usage("no session was named")),
            };
            let closing = bmc.close_session(selector).await?;
            Box::new(Closed::new(closing).ok_or_else(|| {
                let (what, next) = match closing {
                    Closing::Own => (
                        "this is the session of this very command",
                        "nothing: it is closed when the command ends",
                    ),
                    _ => (
                        "there is no such session (any more)",
                        "'lantern session list' shows which there are",
                    ),
                };
                Error::told(Exit::Failed, what).next(next)
            })?)
        }
    })
}
