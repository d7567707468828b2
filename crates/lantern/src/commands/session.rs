//! `session`.

use ipmi_client::{Bmc, SessionInfo};
use ipmi_wire::cmd::app::{GetSessionInfo, SessionSelector};

use super::Outcome;
use crate::cli::Session;
use crate::view::session::Session as SessionView;

pub(super) async fn run(command: &Session, bmc: &Bmc, info: &SessionInfo) -> Outcome {
    match command {
        Session::Info => {
            let current = GetSessionInfo { selector: SessionSelector::Current };
            let answer = bmc.send(&current).await?;
            // Some departures show only once there is something to answer.
            let noticed = bmc.connect().await?.noticed;
            Ok(Box::new(SessionView::new(info.agreed, noticed, &answer)))
        }
    }
}
