# The command in an image of nothing else. cli/README.md says how the file is built that goes into it.
FROM alpine:3 AS certificates
RUN apk add --no-cache ca-certificates

FROM scratch
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY target/x86_64-unknown-linux-musl/release/slack-auth /
ENTRYPOINT ["/slack-auth"]
