//! Answers that hold one credential: those of a refresh and of an exchange.

/// Reads a response from a [`Single`](super::grant::Single). `$note` is the warning if no refresh token came along.
macro_rules! single_grant {
    ($Response:ident, $note:literal) => {
        impl $Response {
            fn from_wire(
                wire: super::grant::GrantWire,
                notes: &mut $crate::wire::notes::Notes,
            ) -> Option<Self> {
                let single = super::grant::Single::from_wire(wire, $note, notes)?;
                Some(Self {
                    credential: single.found.credential,
                    slot: single.found.slot,
                    unplaced: single.second,
                    spare_refresh_tokens: single.spare,
                    app_id: single.app_id,
                    team: single.team,
                    enterprise: single.enterprise,
                    is_enterprise_install: single.is_enterprise_install,
                    user_id: single.user_id,
                    bot_user_id: single.bot_user_id,
                })
            }
        }

        $crate::wire::payload::lenient_payload!(
            $Response, holds_token: true, from: super::grant::GrantWire,
            credentials: |it| [&mut it.credential].into_iter().chain(&mut it.unplaced)
        );
    };
}
pub(super) use single_grant;
