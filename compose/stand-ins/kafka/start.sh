#!/bin/sh
# KAFKA_SOME_SETTING becomes some.setting, as in the official image; then one KRaft node.
set -eu

settings=/opt/kafka/config/server.properties
data=/var/lib/kafka/data

{
    echo "log.dirs=$data"
    env | sed -n 's/^KAFKA_\([A-Z0-9_]*\)=\(.*\)$/\1 \2/p' | while read -r name value; do
        case "$name" in HEAP_OPTS | OPTS | JVM_PERFORMANCE_OPTS | LOG4J_*) continue ;; esac
        printf '%s=%s\n' "$(printf '%s' "$name" | tr 'A-Z_' 'a-z.')" "$value"
    done
} > "$settings"

run() {
    java ${KAFKA_HEAP_OPTS:--Xmx512m -Xms256m} -cp '/opt/kafka/libs/*' "$@"
}

cluster=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
run kafka.tools.StorageTool format --ignore-formatted --cluster-id "$cluster" --config "$settings"
exec java ${KAFKA_HEAP_OPTS:--Xmx512m -Xms256m} -cp '/opt/kafka/libs/*' kafka.Kafka "$settings"
