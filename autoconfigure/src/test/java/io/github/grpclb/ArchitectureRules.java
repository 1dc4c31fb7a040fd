package io.github.grpclb;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.github.grpclb.discovery.Internal;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What the rules of {@link ArchitectureTest} are made of. */
final class ArchitectureRules {

    private ArchitectureRules() {}

    /** An access that reads the wall clock, be it a call or a reference to a method. */
    static DescribedPredicate<JavaAccess<?>> readsTheWallClock() {
        return new DescribedPredicate<>("the wall clock is read") {
            @Override
            public boolean test(JavaAccess<?> access) {
                JavaClass owner = access.getTargetOwner();
                return owner.isEquivalentTo(System.class) && access.getName().equals("currentTimeMillis")
                        || owner.getPackageName().equals("java.time")
                                && access.getName().equals("now");
            }
        };
    }

    /** That all types in the signatures that a user can see are of some packages, given as prefixes. */
    static ArchCondition<JavaClass> showOnly(String... packages) {
        return new ArchCondition<>("show types of " + Arrays.toString(packages) + " only") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (isShown(type)) {
                    Stream.concat(
                                    Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream())
                                            .flatMap(parent -> parent.getAllInvolvedRawTypes().stream()),
                                    type.getMembers().stream()
                                            .filter(ArchitectureRules::isShown)
                                            .flatMap(ArchitectureRules::typesOf))
                            .map(JavaClass::getBaseComponentType)
                            .filter(shown -> !shown.isPrimitive())
                            .filter(shown -> Arrays.stream(packages).noneMatch(shown.getName()::startsWith))
                            .distinct()
                            .forEach(shown -> events.add(
                                    SimpleConditionEvent.violated(type, type.getName() + " shows " + shown.getName())));
                }
            }
        };
    }

    private static Stream<JavaClass> typesOf(JavaMember member) {
        return Stream.concat(
                member.getAllInvolvedRawTypes().stream(),
                member instanceof JavaCodeUnit code ? code.getExceptionTypes().stream() : Stream.empty());
    }

    private static boolean isShown(JavaMember member) {
        return isShown(member.getModifiers()) && !member.getModifiers().contains(JavaModifier.SYNTHETIC);
    }

    private static boolean isShown(JavaClass type) {
        return isShown(type.getModifiers())
                && !type.isAnnotatedWith(Internal.class)
                && type.getEnclosingClass().map(ArchitectureRules::isShown).orElse(true);
    }

    private static boolean isShown(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    /** Returns the names of the packages that have more files than so many. */
    static List<String> packagesOfMoreThan(int files, JavaClasses classes) {
        return classes.stream()
                .map(JavaClass::getPackageName)
                .distinct()
                .filter(name -> classes.stream()
                                .filter(type -> type.getPackageName().equals(name))
                                .map(ArchitectureRules::file)
                                .filter(Predicate.not(file -> file.endsWith(".package-info")))
                                .distinct()
                                .count()
                        > files)
                .sorted()
                .toList();
    }

    /** The files of a package: a class stands with all that is written inside it. */
    static SliceAssignment filesOf(String packageName) {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass type) {
                return type.getPackageName().equals(packageName)
                        ? SliceIdentifier.of(file(type))
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return "files of " + packageName;
            }
        };
    }

    private static String file(JavaClass type) {
        String name = type.getBaseComponentType().getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }
}
