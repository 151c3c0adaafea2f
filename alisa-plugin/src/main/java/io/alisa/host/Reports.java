package io.alisa.host;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;

import io.alisa.SessionReport;

/** Session reports as maps of JDK types: applications may hold another copy of our classes. */
public final class Reports {
    private Reports() {
    }

    public static Map<String, Object> asMap(SessionReport report) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (RecordComponent component : SessionReport.class.getRecordComponents()) {
            try {
                Object value = component.getAccessor().invoke(report);
                fields.put(component.getName(), value instanceof Enum<?> constant ? constant.name() : value);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("Can't read a report's " + component.getName(), e);
            }
        }
        return fields;
    }
}
