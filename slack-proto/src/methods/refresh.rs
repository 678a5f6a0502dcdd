//! What the three methods share that spend a refresh token.

/// Defines a refresh: the method that exchanges a refresh token for a new pair, for each kind of client.
macro_rules! refresh_method {
    ($(#[$docs:meta])* $Method:ident, $name:literal, $Response:ty, $Error:ty) => {
        $(#[$docs])*
        #[must_use = "a method does nothing until its request is sent"]
        pub struct $Method<C = $crate::oauth::ClientCredentials> {
            refresh_token: $crate::tokens::RefreshToken,
            client: std::marker::PhantomData<fn(&C)>,
        }

        impl<C: $crate::oauth::OauthClient> $Method<C> {
            /// Creates the refresh from the refresh token that the store holds.
            pub fn new(refresh_token: $crate::tokens::RefreshToken) -> Self {
                Self { refresh_token, client: std::marker::PhantomData }
            }
        }

        impl<C> Clone for $Method<C> {
            fn clone(&self) -> Self {
                Self { refresh_token: self.refresh_token.clone(), client: std::marker::PhantomData }
            }
        }

        impl<C> std::fmt::Debug for $Method<C> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($Method)).field("refresh_token", &self.refresh_token).finish()
            }
        }

        impl<C: $crate::oauth::OauthClient> $crate::ApiMethod for $Method<C> {
            const NAME: &'static str = $name;
            const PURPOSE: $crate::methods::Purpose = $crate::methods::Purpose::RefreshGrant;
            type Auth = C;
            type Response = $Response;
            type Error = $Error;

            fn authenticate(&self, auth: &C, form: &mut $crate::methods::FormFields) {
                $crate::methods::auth::authenticate_client($name, auth, form);
            }

            fn params(&self, form: &mut $crate::methods::FormFields) {
                form.field("grant_type", "refresh_token");
                form.field("refresh_token", self.refresh_token.expose());
            }
        }
    };
}
pub(super) use refresh_method;
